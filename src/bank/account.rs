//! The account: what decides whether money may move.

use thiserror::Error;

use super::pin_lock::{Admission, PinLock};
use super::{AccountCommand, AccountEvent, AccountId, Money, PinCheck};
use crate::engine::aggregate::Aggregate;

/// An account as its own events tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The account's name and what it holds; nothing before it is created.
    open: Option<Open>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    id: AccountId,
    balance: Money,
    lock: PinLock,
}

/// Why an account says no.
///
/// A payment beyond the balance is not here: it is declined, and the decline is an event.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// There is an account of this name already.
    #[error("the account exists already")]
    AccountExists,
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The deposit would take the balance beyond [`Money::MAX`].
    #[error("the balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// The account has a PIN, and none was given.
    #[error("the account asks for a PIN")]
    PinRequired,
    /// Too many wrong PINs in a row; see [`MAX_WRONG_PINS`](super::MAX_WRONG_PINS).
    #[error("the account is locked")]
    AccountLocked,
    /// There is nothing to unlock.
    #[error("the account is not locked")]
    NotLocked,
    /// The PIN was checked against another verifier than the account's, for the account was created meanwhile.
    /// The bank checks again; a caller never sees this.
    #[error("the PIN was checked against what is not the account's")]
    OutdatedPinCheck,
}

impl Account {
    /// What the account holds; `None` before it is created.
    pub fn balance(&self) -> Option<Money> {
        self.open.as_ref().map(|open| open.balance)
    }
}

impl Aggregate for Account {
    const CATEGORY: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Refusal = Refusal;

    fn execute(&self, command: &AccountCommand) -> Result<Vec<AccountEvent>, Refusal> {
        let event = match (command, &self.open) {
            (AccountCommand::CreateAccount { .. }, Some(_)) => return Err(Refusal::AccountExists),
            (AccountCommand::CreateAccount { account_id, account_holder }, None) => {
                AccountEvent::AccountCreated { account_id: account_id.clone(), account_holder: account_holder.clone() }
            }
            (_, None) => return Err(Refusal::NoAccount),
            (AccountCommand::DepositMoney { amount, .. }, Some(open)) => open.deposit(*amount)?,
            (AccountCommand::WithdrawMoney { amount, pin, .. }, Some(open)) => open.withdraw(*amount, pin.as_ref())?,
            (AccountCommand::UnlockAccount { .. }, Some(open)) => open.unlock()?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::AccountCreated { account_id, account_holder } => {
                let lock = PinLock::new(account_holder.pin_verifier().cloned());
                self.open = Some(Open { id: account_id.clone(), balance: Money::ZERO, lock });
            }
            AccountEvent::MoneyDeposited { amount, .. } => self.change_balance(|balance| balance.checked_add(*amount)),
            AccountEvent::MoneyWithdrawn { amount, .. } => {
                self.change_balance(|balance| balance.checked_sub(*amount));
                self.change_lock(PinLock::forget_wrong_pins);
            }
            AccountEvent::AccountOverdrawn { .. } | AccountEvent::AccountUnlocked { .. } => {
                self.change_lock(PinLock::forget_wrong_pins);
            }
            AccountEvent::InvalidPin { .. } => self.change_lock(PinLock::count_wrong_pin),
        }
    }

    /// A withdrawal is weighed on the balance it would leave, unless the PIN keeps it from being weighed at all.
    fn weigh(&self, command: &AccountCommand) -> Option<i64> {
        match (command, &self.open) {
            (AccountCommand::WithdrawMoney { amount, pin, .. }, Some(open)) => {
                let granted = open.lock.admit(pin.as_ref()) == Ok(Admission::Granted);
                granted.then(|| open.balance.difference(*amount))
            }
            _ => None,
        }
    }
}

impl Account {
    /// What `execute` has decided never leaves the range, so a change that would is not one of its own.
    fn change_balance(&mut self, change: impl Fn(Money) -> Option<Money>) {
        if let Some(open) = &mut self.open
            && let Some(balance) = change(open.balance)
        {
            open.balance = balance;
        }
    }

    fn change_lock(&mut self, change: impl Fn(&mut PinLock)) {
        if let Some(open) = &mut self.open {
            change(&mut open.lock);
        }
    }
}

impl Open {
    fn deposit(&self, amount: Money) -> Result<AccountEvent, Refusal> {
        self.balance.checked_add(amount).ok_or(Refusal::BalanceLimit)?;
        let account_id = self.id.clone();
        Ok(AccountEvent::MoneyDeposited { account_id, amount })
    }

    fn withdraw(&self, amount: Money, pin: Option<&PinCheck>) -> Result<AccountEvent, Refusal> {
        let account_id = self.id.clone();
        let balance = self.balance;
        Ok(match (self.lock.admit(pin)?, balance.checked_sub(amount)) {
            (Admission::WrongPin, _) => AccountEvent::InvalidPin { account_id, amount_requested: amount },
            (Admission::Granted, Some(_)) => AccountEvent::MoneyWithdrawn { account_id, amount },
            (Admission::Granted, None) => {
                AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount }
            }
        })
    }

    fn unlock(&self) -> Result<AccountEvent, Refusal> {
        if self.lock.is_locked() {
            Ok(AccountEvent::AccountUnlocked { account_id: self.id.clone() })
        } else {
            Err(Refusal::NotLocked)
        }
    }
}
