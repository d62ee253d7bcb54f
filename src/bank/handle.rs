//! The handle that programs use.

use std::ops::Deref;
use std::sync::Arc;

use super::account::{AccountEvent, Accounts, Balances, TotalDeposits};
use super::pin::PinChecker;
use super::transfer::Transfers;
use crate::engine::application::Application;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::projection::ReadModel;

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
}
