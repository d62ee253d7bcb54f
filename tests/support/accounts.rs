//! Accounts, amounts and balances in few words.

use std::collections::BTreeMap;

use cqrs_bank::bank::{AccountId, Balances, Money};

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::new(name).unwrap()
}

pub(crate) fn money(amount: u64) -> Money {
    Money::new(amount).unwrap()
}

/// Everything the read model holds.
#[allow(dead_code, reason = "not every test program asks for all")]
pub(crate) fn all_balances(balances: &Balances) -> BTreeMap<String, u64> {
    let names = balances.names_beginning_with("", usize::MAX);
    assert_eq!(names.len(), balances.accounts());
    let balance = |name: &AccountId| balances.balance(name.as_str()).unwrap().minor_units();
    names.iter().map(|name| (name.to_string(), balance(name))).collect()
}
