//! The balance projection: what each account holds.

use std::ops::Bound;

use crate::bank::{AccountEvent, AccountId, Money};
use crate::engine::domain::DomainEvent;
use crate::engine::log::RecordedEvent;
use crate::engine::projection::{Projection, RowMap, StoredFields, rows};
use crate::engine::runtime::trace::trace_line;

/// The read model behind `check_balance`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    balances: RowMap<AccountId, Money>,
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
        let from = self.balances.range::<str>((Bound::Included(prefix), Bound::Unbounded));
        let names = from.map(|(name, _)| name).take_while(|name| name.as_str().starts_with(prefix));
        names.take(limit).cloned().collect()
    }
}

impl Projection<AccountEvent> for Balances {
    const NAME: &'static str = "balances";
    const ROWS: Option<StoredFields<Self>> = rows!(1; balances);

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        let account_id = event.data.account_id();
        if let AccountEvent::AccountCreated { .. } = event.data {
            self.balances.insert(account_id.clone(), Money::ZERO);
        } else if let Some(movement) = event.data.movement()
            && let Some(balance) = self.balances.get_mut(account_id)
            && let Some(changed) = movement.applied_to(*balance)
        {
            *balance = changed;
        }
    }
}

/// Says what has become of the balances, for the trace and the log.
pub(in crate::bank) fn tell(event: &RecordedEvent<AccountEvent>) {
    let (conversation, title) = (event.metadata.correlation_id, event.data.title());
    trace_line!(conversation, "Event Handler: {title}");
    match &event.data {
        AccountEvent::AccountOverdrawn { account_id, .. } => {
            tracing::info!("Payment declined for Account: {account_id:?}. Shame, shame!");
        }
        AccountEvent::InvalidPin { account_id, .. } => {
            tracing::info!("Payment declined for Account: {account_id:?}. Wrong PIN.");
        }
        AccountEvent::AccountCreated { .. }
        | AccountEvent::MoneyDeposited { .. }
        | AccountEvent::MoneyWithdrawn { .. }
        | AccountEvent::AccountUnlocked { .. }
        | AccountEvent::MoneyReserved(_)
        | AccountEvent::TransferCredited(_)
        | AccountEvent::TransferSettled(_)
        | AccountEvent::TransferReleased(_) => trace_line!(conversation, "{title}"),
    }
}
