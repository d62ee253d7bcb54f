//! The handle of an open bank.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::account::{AccountCommand, AccountEvent, Accounts, Balances, TotalDeposits};
use super::ceo_bonus::CeoBonus;
use super::currency::Currency;
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

/// The read models, the PIN checker and the bonus policy, which a bank has besides its [`Application`].
#[derive(Debug)]
pub(super) struct BankParts {
    pub(super) balances: ReadModel<Balances>,
    pub(super) accounts: ReadModel<Accounts>,
    pub(super) total_deposits: ReadModel<TotalDeposits>,
    pub(super) transfers: ReadModel<Transfers>,
    pub(super) pins: Arc<PinChecker>,
    pub(super) ceo_bonus: Option<CeoBonus>,
    /// A fork may pay a bonus that only its application knows of.
    pub(super) is_fork: bool,
    /// Once it is known. It never changes.
    pub(super) currency: OnceLock<Currency>,
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

    /// Whether the events of a command may be answered by a process manager that this bank was opened with. Commands
    /// that are not answered lead to the same events however many of them are in flight.
    pub fn may_be_answered(&self, command: &AccountCommand) -> bool {
        let may_earn_bonus = |account_id, amount| {
            self.parts.is_fork
                || self.parts.ceo_bonus.as_ref().is_some_and(|ceo_bonus| ceo_bonus.may_be_due(account_id, amount))
        };
        match command {
            AccountCommand::DepositMoney { account_id, amount, .. } => may_earn_bonus(account_id, *amount),
            AccountCommand::CreateAccount { account_id, opening, .. } => {
                let deposit = opening.as_ref().and_then(|opening| opening.deposit);
                deposit.is_some_and(|amount| may_earn_bonus(account_id, amount))
            }
            AccountCommand::WithdrawMoney { .. }
            | AccountCommand::UnlockAccount { .. }
            | AccountCommand::ReverseDeposit(_)
            | AccountCommand::ReverseWithdrawal(_) => false,
            // Transfers are answered. The other commands are rare: waiting for them costs little.
            _ => true,
        }
    }
}
