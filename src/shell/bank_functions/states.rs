//! The balances after each event, for a report.

use super::money::money;
use crate::bank::{AccountEvent, AccountId, Balances, Currency};
use crate::engine::log::RecordedEvent;
use crate::engine::projection::Projection as _;
use crate::shell::application_functions::States;
use crate::shell::term::Term;

/// The balances, and the currency to write them in.
#[derive(Debug, Default)]
pub(super) struct BalancesByEvent {
    balances: Balances,
    currency: Currency,
}

impl States<AccountEvent> for BalancesByEvent {
    fn columns(&self) -> [&'static str; 2] {
        ["account", "balance"]
    }

    fn subject(&self, event: &RecordedEvent<AccountEvent>) -> Option<String> {
        event.data.account_id().map(AccountId::to_string)
    }

    fn take(&mut self, event: &RecordedEvent<AccountEvent>) {
        if let AccountEvent::CurrencyChosen(chosen) = event.data {
            self.currency = chosen.currency();
        }
        self.balances.project(event);
    }

    fn state(&self, account: &str) -> Option<Term> {
        self.balances.balance(account).map(|balance| money(self.currency, balance.minor_units()))
    }

    fn subjects(&self, limit: usize) -> Vec<String> {
        self.balances.names_beginning_with("", limit).iter().map(AccountId::to_string).collect()
    }

    fn quantity(&self, event: &RecordedEvent<AccountEvent>) -> Option<Term> {
        event.data.amount().map(|amount| money(self.currency, amount.minor_units()))
    }
}
