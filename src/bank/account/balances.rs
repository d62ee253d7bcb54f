//! The balance projection: the balance of each account.

use std::ops::Bound;

use crate::bank::{AccountEvent, AccountId, Balance};
use crate::engine::domain::DomainEvent;
use crate::engine::log::RecordedEvent;
use crate::engine::projection::{Projection, RowMap, StoredFields, rows};
use crate::engine::runtime::trace::trace_line;

/// The read model behind `check_balance`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    balances: RowMap<AccountId, Balance>,
}

impl Balances {
    /// The balance of an account; `None` if there is no such account.
    pub fn balance(&self, account: &str) -> Option<Balance> {
        self.balances.get(account).copied()
    }

    /// The number of accounts.
    pub fn accounts(&self) -> usize {
        self.balances.len()
    }

    /// The first `limit` account names in order that begin with `prefix`.
    pub fn names_beginning_with(&self, prefix: &str, limit: usize) -> Vec<AccountId> {
        let from_prefix = self.balances.range::<str>((Bound::Included(prefix), Bound::Unbounded));
        let names = from_prefix.map(|(name, _)| name).take_while(|name| name.as_str().starts_with(prefix));
        names.take(limit).cloned().collect()
    }
}

impl Projection<AccountEvent> for Balances {
    const NAME: &'static str = "balances";
    const ROWS: Option<StoredFields<Self>> = rows!(1; balances);

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        let Some(account_id) = event.data.account_id() else { return };
        if let AccountEvent::AccountCreated { .. } = event.data {
            self.balances.insert(account_id.clone(), Balance::ZERO);
        } else if let Some(movement) = event.data.movement()
            && let Some(balance) = self.balances.get_mut(account_id)
            && let Some(new_balance) = movement.applied_to(*balance)
        {
            *balance = new_balance;
        }
    }
}

/// Traces an event of the balance projection, and logs declined payments.
pub(in crate::bank) fn trace(event: &RecordedEvent<AccountEvent>) {
    let (conversation, title) = (event.metadata.correlation_id(), event.data.title());
    trace_line!(conversation, "Event Handler: {title}");
    match &event.data {
        // Whoever loads it gets a list of what was declined.
        _ if !event.metadata.has_effects() => {}
        AccountEvent::AccountOverdrawn { account_id, .. } => {
            let correlation = conversation.as_u128();
            tracing::info!(correlation, "Payment declined for Account: {account_id:?}. Shame, shame!");
        }
        AccountEvent::InvalidPin { account_id, .. } => {
            let correlation = conversation.as_u128();
            tracing::info!(correlation, "Payment declined for Account: {account_id:?}. Wrong PIN.");
        }
        AccountEvent::PinRejected { account_id } => {
            let correlation = conversation.as_u128();
            tracing::info!(correlation, "Request declined for Account: {account_id:?}. Wrong PIN.");
        }
        _ => trace_line!(conversation, "{title}"),
    }
}
