//! Balances, which may be negative down to an account's overdraft limit.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::money::Money;

/// A balance in minor units, from minus [`Money::MAX`] to [`Money::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Balance(i64);

/// How far below zero a balance may fall, in minor units: from 0 to [`Money::MAX`]. An account has the limit 0 unless it
/// is given another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OverdraftLimit(Money);

/// A limit below 0 or above [`Money::MAX`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an overdraft limit is a whole number from 0 to {}", Money::MAX)]
pub struct InvalidOverdraftLimit;

impl Balance {
    /// The balance of a new account.
    pub const ZERO: Self = Self(0);

    /// The largest balance, and with the opposite sign the smallest.
    const MAX: i64 = Money::MAX.minor_units() as i64;

    /// The minor units.
    pub const fn minor_units(self) -> i64 {
        self.0
    }

    /// The balance after an increase; `None` above [`Money::MAX`].
    pub fn checked_add(self, amount: Money) -> Option<Self> {
        Self::new(self.0 + units(amount))
    }

    /// The balance after a decrease; `None` below minus [`Money::MAX`].
    pub fn checked_sub(self, amount: Money) -> Option<Self> {
        Self::new(self.difference(amount))
    }

    /// The difference to an amount in minor units.
    pub const fn difference(self, amount: Money) -> i64 {
        // Neither is beyond 10^15, so this cannot overflow.
        self.0 - units(amount)
    }

    /// Whether the balance has not fallen below what the limit allows.
    pub const fn is_within(self, limit: OverdraftLimit) -> bool {
        self.0 >= -units(limit.0)
    }

    fn new(minor_units: i64) -> Option<Self> {
        (-Self::MAX..=Self::MAX).contains(&minor_units).then_some(Self(minor_units))
    }
}

/// At most 10^15, so the cast cannot overflow.
const fn units(amount: Money) -> i64 {
    amount.minor_units() as i64
}

impl OverdraftLimit {
    /// The limit of an account that cannot be overdrawn.
    pub const NONE: Self = Self(Money::ZERO);

    /// Checks a limit.
    ///
    /// # Errors
    ///
    /// [`InvalidOverdraftLimit`] if the limit is negative or above [`Money::MAX`].
    pub fn new(limit: impl TryInto<u64>) -> Result<Self, InvalidOverdraftLimit> {
        limit.try_into().ok().and_then(Money::or_zero).map(Self).ok_or(InvalidOverdraftLimit)
    }

    /// The minor units.
    pub const fn minor_units(self) -> u64 {
        self.0.minor_units()
    }

    pub(in crate::bank) fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

impl From<Money> for Balance {
    fn from(amount: Money) -> Self {
        Self(units(amount))
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for OverdraftLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Balance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Balance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let out_of_range = || de::Error::custom(format_args!("a balance is at most {}, or minus that", Money::MAX));
        Self::new(i64::deserialize(deserializer)?).ok_or_else(out_of_range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_stays_within_its_range() {
        let (full, one) = (Balance::from(Money::MAX), Money::new(1).unwrap());
        assert_eq!(full.checked_add(one), None);
        let empty = full.checked_sub(Money::MAX).unwrap();
        assert_eq!(empty, Balance::ZERO);
        let lowest = empty.checked_sub(Money::MAX).unwrap();
        assert_eq!((lowest.minor_units(), lowest.checked_sub(one)), (-1_000_000_000_000_000, None));
        assert_eq!(lowest.checked_add(one).unwrap().difference(Money::MAX), -1_999_999_999_999_999);
    }

    #[test]
    fn a_limit_is_reached_and_not_passed() {
        let limit = OverdraftLimit::new(5).unwrap();
        let at = |minor_units| Balance::new(minor_units).unwrap().is_within(limit);
        assert_eq!([at(1), at(0), at(-5), at(-6)], [true, true, true, false]);
        assert!(Balance::ZERO.is_within(OverdraftLimit::NONE));
        assert_eq!(OverdraftLimit::new(-1), Err(InvalidOverdraftLimit));
        assert_eq!(OverdraftLimit::new(1_000_000_000_000_001_u64), Err(InvalidOverdraftLimit));
    }
}
