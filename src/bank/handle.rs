//! The handle that programs use.

use std::ops::Deref;
use std::sync::Arc;

use super::errors::{CommandFailure, Unavailable};
use super::pin_checker::PinChecker;
use super::{
    AccountCommand, AccountEvent, Accounts, Balances, PendingCommand, Receipt, StoreUrl, TotalDeposits, Transfers,
};
use crate::engine::application::Application;
use crate::engine::event::Metadata;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::projection::ReadModel;
use crate::engine::store::Store;

/// An open bank. Cheap to clone, and made to be shared by many tasks.
///
/// It is an [`Application`], and can do what every application can: close, watch, export, tell of its handlers, and so
/// on. It runs on the tokio runtime it was opened on. Dropping the last handle closes it.
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
    /// The store the bank was opened on.
    pub fn store(&self) -> &StoreUrl {
        self.application.url()
    }

    /// The same bank through a handle that waits for the handlers, or does not.
    #[must_use]
    pub fn with_consistency(&self, consistency: Consistency) -> Self {
        Self { application: self.application.with_consistency(consistency), own: self.own.clone() }
    }

    /// Sends a command and does not wait for what becomes of it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the command was not taken.
    pub async fn send(&self, command: AccountCommand, metadata: Metadata) -> Result<PendingCommand, Unavailable> {
        let pending = self.application.dispatch(command).metadata(metadata).send().await?;
        Ok(PendingCommand::new(self.clone(), pending))
    }

    pub(super) fn event_store(&self) -> &Store<AccountEvent> {
        self.application.store()
    }

    pub(super) async fn handle(&self, command: AccountCommand) -> Result<Receipt, CommandFailure> {
        self.send(command, self.start_conversation()).await?.outcome().await
    }
}
