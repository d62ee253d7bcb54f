//! The balance projection: what each account holds.

use std::collections::BTreeSet;
use std::ops::Bound;

use foldhash::HashMap;

use super::{AccountEvent, AccountId, Money};
use crate::engine::event::{DomainEvent, RecordedEvent};
use crate::engine::projection::{Projection, UnreadableRow, stored_row};
use crate::engine::store::handler_records::ProjectionRow;
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
            other => {
                if let Some(movement) = other.movement() {
                    self.change(other.account_id(), |balance| movement.applied_to(balance));
                }
            }
        }
    }

    const ROWS: Option<u16> = Some(1);

    fn changed_rows(&self, event: &RecordedEvent<AccountEvent>, name: &mut dyn FnMut(&str)) {
        name(event.data.account_id().as_str());
    }

    fn all_rows(&self, name: &mut dyn FnMut(&str)) {
        self.names.iter().for_each(|account| name(account.as_str()));
    }

    fn row(&self, name: &str) -> Option<Box<str>> {
        stored_row::write(&self.balance(name)?)
    }

    fn restore_row(&mut self, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let account = AccountId::new(&row.key).map_err(|error| UnreadableRow::new(row, error))?;
        self.balances.insert(account.clone(), stored_row::read(row)?);
        self.names.insert(account);
        Ok(())
    }
}

/// Says what has become of the balances, for the trace and the log.
pub(super) fn tell(event: &RecordedEvent<AccountEvent>) {
    let (conversation, title) = (event.metadata.correlation_id, event.data.title());
    trace_line!(conversation, "Event Handler: {title}");
    match &event.data {
        AccountEvent::AccountOverdrawn { account_id, .. } => {
            tracing::info!("Payment declined for Account: {account_id:?}. Shame, shame!");
        }
        AccountEvent::InvalidPin { account_id, .. } => {
            tracing::info!("Payment declined for Account: {account_id:?}. Wrong PIN.");
        }
        _ => trace_line!(conversation, "{title}"),
    }
}
