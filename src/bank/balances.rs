//! The balance projection: what each account holds.

use std::collections::BTreeSet;
use std::ops::Bound;

use foldhash::HashMap;

use super::{AccountEvent, AccountId, Money};
use crate::engine::event::{DomainEvent, RecordedEvent};
use crate::engine::projection::Projection;
use crate::engine::trace::trace_line;

/// The read model behind `check_balance`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    balances: HashMap<AccountId, Money>,
    /// In order, so that names can be completed without looking at every account.
    names: BTreeSet<AccountId>,
}

impl Balances {
    /// What an account holds; `None` if there is no such account.
    pub fn balance(&self, account: &str) -> Option<Money> {
        self.balances.get(account).copied()
    }

    /// The number of accounts.
    pub fn accounts(&self) -> usize {
        self.balances.len()
    }

    /// The first `limit` account names that begin with `prefix`, in order.
    pub fn names_beginning_with(&self, prefix: &str, limit: usize) -> Vec<AccountId> {
        self.names
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(|name| name.as_str().starts_with(prefix))
            .take(limit)
            .cloned()
            .collect()
    }

    fn change(&mut self, account: &AccountId, change: impl Fn(Money) -> Option<Money>) {
        if let Some(balance) = self.balances.get_mut(account)
            && let Some(changed) = change(*balance)
        {
            *balance = changed;
        }
    }
}

impl Projection<AccountEvent> for Balances {
    const NAME: &'static str = "balances";

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        match &event.data {
            AccountEvent::AccountCreated { account_id, .. } => {
                self.balances.insert(account_id.clone(), Money::ZERO);
                self.names.insert(account_id.clone());
            }
            AccountEvent::MoneyDeposited { account_id, amount } => {
                self.change(account_id, |balance| balance.checked_add(*amount));
            }
            AccountEvent::MoneyWithdrawn { account_id, amount } => {
                self.change(account_id, |balance| balance.checked_sub(*amount));
            }
            AccountEvent::AccountOverdrawn { .. }
            | AccountEvent::InvalidPin { .. }
            | AccountEvent::AccountUnlocked { .. } => {}
        }
    }

    fn trace_title(event: &RecordedEvent<AccountEvent>) -> Option<&'static str> {
        Some(event.data.title())
    }

    fn announce(&self, event: &RecordedEvent<AccountEvent>) {
        match &event.data {
            AccountEvent::AccountOverdrawn { account_id, .. } => {
                tracing::info!("Payment declined for Account: {account_id:?}. Shame, shame!");
            }
            AccountEvent::InvalidPin { account_id, .. } => {
                tracing::info!("Payment declined for Account: {account_id:?}. Wrong PIN.");
            }
            moved => trace_line!(event.metadata.correlation_id, "{}", moved.title()),
        }
    }
}
