//! Sending a command.

use crate::bank::{AccountCommand, Bank, PendingCommand, Unavailable};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::Origin;

impl Bank {
    /// Sends a command and does not wait for what becomes of it: in a new
    /// [`Conversation`](crate::engine::runtime::Conversation), or under an id that is given with
    /// [`Metadata`](crate::engine::log::Metadata).
    ///
    /// A command under an id that was given may be sent any number of times, also by another program, and happens once:
    /// what it has led to when it was handled first is the outcome each time, also where it would be refused by now. Of
    /// another account, or with other content, it is [`CommandFailure::IdTaken`](crate::bank::CommandFailure::IdTaken). A
    /// refusal is not remembered, and a PIN is no content: a payment that was declined for a wrong one stays declined,
    /// so another attempt is another command. What was stored without the content of its command, in a new conversation
    /// or by an earlier version of the program, is told apart by the account alone.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the command was not taken.
    pub async fn send(
        &self,
        command: AccountCommand,
        origin: impl Into<Origin>,
    ) -> Result<PendingCommand, Unavailable> {
        self.send_as(command, origin.into(), self.consistency()).await
    }

    pub(in crate::bank) async fn send_as(
        &self,
        command: AccountCommand,
        origin: Origin,
        consistency: Consistency,
    ) -> Result<PendingCommand, Unavailable> {
        let transfer_id = command.begun_transfer();
        let dispatch = self.application.dispatch(command).metadata(origin);
        let dispatch = match consistency {
            Consistency::Strong => dispatch,
            Consistency::Eventual => dispatch.eventual(),
        };
        Ok(PendingCommand { pending: dispatch.send().await?, transfer_id })
    }
}
