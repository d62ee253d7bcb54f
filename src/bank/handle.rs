//! The handle that programs use.

use std::ops::Deref;
use std::sync::Arc;

use super::errors::Unavailable;
use super::pin_checker::PinChecker;
use super::{AccountCommand, AccountEvent, Accounts, Balances, PendingCommand, TotalDeposits, Transfers};
use crate::engine::application::Application;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::projection::ReadModel;
use crate::engine::runtime::Origin;

/// An open bank. Cheap to clone, and made to be shared by many tasks.
///
/// It is an [`Application`], and can do what every application can: close, watch, export and import, verify, tell of its
/// handlers, and so on. It runs on the tokio runtime it was opened on. Dropping the last handle closes it.
///
/// ```
/// use cqrs_bank::bank::{AccountId, Bank, Money, StoreUrl};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::open(StoreUrl::Memory).await?;
/// let wolfman = AccountId::new("Wolfman")?;
/// bank.create(&wolfman).await?;
/// bank.deposit(&wolfman, Money::new(100)?).await?;
/// assert_eq!(bank.check_balance(&wolfman).await?.minor_units(), 100);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Bank {
    pub(super) application: Application<AccountEvent>,
    pub(super) own: Arc<Own>,
}

/// What a bank has besides what every application has.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) balances: ReadModel<Balances>,
    pub(super) accounts: ReadModel<Accounts>,
    pub(super) total_deposits: ReadModel<TotalDeposits>,
    pub(super) transfers: ReadModel<Transfers>,
    pub(super) pins: Arc<PinChecker>,
}

impl Deref for Bank {
    type Target = Application<AccountEvent>;

    fn deref(&self) -> &Application<AccountEvent> {
        &self.application
    }
}

impl Bank {
    /// The same bank through a handle that waits for the handlers, or does not.
    #[must_use]
    pub fn with_consistency(&self, consistency: Consistency) -> Self {
        Self { application: self.application.with_consistency(consistency), own: self.own.clone() }
    }

    /// Sends a command and does not wait for what becomes of it: in a new
    /// [`Conversation`](crate::engine::runtime::Conversation), or under an id that is given with
    /// [`Metadata`](crate::engine::log::Metadata).
    ///
    /// A command under an id that was given may be sent any number of times, also by another program, and happens once:
    /// what it has led to when it was handled first is the outcome each time, also where it would be refused by now. Of
    /// another account, or with other content, it is [`CommandFailure::IdTaken`](super::CommandFailure::IdTaken). A
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

    pub(super) async fn send_as(
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
