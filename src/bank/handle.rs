//! The handle of an open bank.

use std::ops::Deref;
use std::sync::Arc;

use super::account::{AccountEvent, Accounts, Balances, TotalDeposits};
use super::pin::PinChecker;
use super::transfer::Transfers;
use crate::engine::application::Application;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::projection::ReadModel;

/// An open bank. Cheap to clone and to share between tasks.
///
/// A bank dereferences to its [`Application`], which can close, watch, export, import, verify, list the handlers, and
/// so on. The bank runs on the tokio runtime it was opened on. Dropping the last handle closes the bank.
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
    pub(super) parts: Arc<BankParts>,
}

/// The read models and the PIN checker, which a bank has besides its [`Application`].
#[derive(Debug)]
pub(super) struct BankParts {
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
    /// A handle on the same bank with another consistency.
    #[must_use]
    pub fn with_consistency(&self, consistency: Consistency) -> Self {
        Self { application: self.application.with_consistency(consistency), parts: self.parts.clone() }
    }
}
