//! Sending commands.

use super::receipt::SentCommand;
use crate::bank::{AccountCommand, Bank, PendingCommand, Unavailable};
use crate::engine::application::Sending;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::Origin;

impl Bank {
    /// Sends a command without waiting for its outcome: in a new
    /// [`Conversation`](crate::engine::runtime::Conversation), or under an id of the caller's choice in
    /// [`Metadata`](crate::engine::log::Metadata).
    ///
    /// A command under the caller's id is idempotent: sent again, by any process, it has the outcome of the first time,
    /// even if it would be refused by now. The same id with another account or other content fails with
    /// [`CommandFailure::IdTaken`](crate::bank::CommandFailure::IdTaken). Refusals are not remembered. A PIN is not
    /// part of the content: a payment declined for a wrong PIN stays declined under this id, so a second attempt needs
    /// a new id. Commands sent in a new conversation, or stored by an earlier version of the program, are compared by
    /// account only.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the bank did not accept the command.
    pub async fn send(
        &self,
        command: AccountCommand,
        origin: impl Into<Origin>,
    ) -> Result<PendingCommand, Unavailable> {
        let sent = self.offer(command, origin.into(), self.consistency())?.sent().await?;
        Ok(self.pending(sent))
    }

    /// A command that was sent, for a caller that may outlive this handle.
    pub(in crate::bank) fn pending(&self, sent: SentCommand) -> PendingCommand {
        PendingCommand::of(sent, self.application.base().clone())
    }

    /// Sends a command without waiting. If the queue is full, the caller still has to wait.
    pub(in crate::bank) fn offer(
        &self,
        command: AccountCommand,
        origin: Origin,
        consistency: Consistency,
    ) -> Result<Sending<'_, SentCommand>, Unavailable> {
        let transfer_id = command.begun_transfer();
        Ok(match self.application.offer(command, origin, consistency)? {
            Sending::Sent(sent) => Sending::Sent(SentCommand::new(sent, transfer_id)),
            Sending::Waiting(sent) => {
                Sending::Waiting(Box::pin(async move { Ok(SentCommand::new(sent.await?, transfer_id)) }))
            }
        })
    }
}
