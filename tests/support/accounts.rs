//! Accounts, amounts and balances in few words.

use std::collections::BTreeMap;

use cqrs_bank::bank::{AccountId, Balance, Balances, Money};

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::new(name).unwrap()
}

pub(crate) fn money(amount: u64) -> Money {
    Money::new(amount).unwrap()
}

/// A balance.
#[allow(dead_code, reason = "not every test program compares one")]
pub(crate) fn balance(amount: u64) -> Balance {
    if amount == 0 { Balance::ZERO } else { money(amount).into() }
}

/// Everything the read model holds.
#[allow(dead_code, reason = "not every test program asks for all")]
pub(crate) fn signed_balances(balances: &Balances) -> BTreeMap<String, i64> {
    let names = balances.names_beginning_with("", usize::MAX);
    assert_eq!(names.len(), balances.accounts());
    let balance = |name: &AccountId| balances.balance(name.as_str()).unwrap().minor_units();
    names.iter().map(|name| (name.to_string(), balance(name))).collect()
}

/// The same where no account is overdrawn.
#[allow(dead_code, reason = "not every test program asks for all")]
pub(crate) fn all_balances(balances: &Balances) -> BTreeMap<String, u64> {
    let signed = signed_balances(balances).into_iter();
    signed.map(|(name, balance)| (name, u64::try_from(balance).unwrap())).collect()
}
