//! The account: what decides whether money may move.

use thiserror::Error;

use super::{AccountCommand, AccountEvent, AccountId, Money};
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
            (AccountCommand::CreateAccount { account_id, account_holder }, None) => AccountEvent::AccountCreated {
                account_id: account_id.clone(),
                account_holder: account_holder.as_str().into(),
            },
            (_, None) => return Err(Refusal::NoAccount),
            (AccountCommand::DepositMoney { amount, .. }, Some(open)) => open.deposit(*amount)?,
            (AccountCommand::WithdrawMoney { amount, .. }, Some(open)) => open.withdraw(*amount),
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::AccountCreated { account_id, .. } => {
                self.open = Some(Open { id: account_id.clone(), balance: Money::ZERO });
            }
            AccountEvent::MoneyDeposited { amount, .. } => self.change_balance(|balance| balance.checked_add(*amount)),
            AccountEvent::MoneyWithdrawn { amount, .. } => self.change_balance(|balance| balance.checked_sub(*amount)),
            AccountEvent::AccountOverdrawn { .. } => {}
        }
    }

    /// A withdrawal is weighed on the balance it would leave.
    fn weigh(&self, command: &AccountCommand) -> Option<i64> {
        match (command, &self.open) {
            (AccountCommand::WithdrawMoney { amount, .. }, Some(open)) => Some(open.balance.difference(*amount)),
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
}

impl Open {
    fn deposit(&self, amount: Money) -> Result<AccountEvent, Refusal> {
        self.balance.checked_add(amount).ok_or(Refusal::BalanceLimit)?;
        let account_id = self.id.clone();
        Ok(AccountEvent::MoneyDeposited { account_id, amount })
    }

    fn withdraw(&self, amount: Money) -> AccountEvent {
        let account_id = self.id.clone();
        let balance = self.balance;
        match balance.checked_sub(amount) {
            Some(_) => AccountEvent::MoneyWithdrawn { account_id, amount },
            None => AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount },
        }
    }
}
