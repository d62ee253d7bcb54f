//! Amounts of money: a whole number of minor units, always within range.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// An amount in minor units (cents, say), from 0 to [`Money::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

/// An amount below 1 or above [`Money::MAX`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an amount is a whole number from 1 to {}", Money::MAX)]
pub struct InvalidAmount;

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The largest amount and the largest balance. JSON readers that parse numbers as doubles still read it exactly.
    pub const MAX: Self = Self(1_000_000_000_000_000);

    /// Checks the amount of a payment.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] if the amount is zero, negative or above [`Money::MAX`].
    pub fn new(amount: impl TryInto<u64>) -> Result<Self, InvalidAmount> {
        match amount.try_into() {
            Ok(amount) if (1..=Self::MAX.0).contains(&amount) => Ok(Self(amount)),
            _ => Err(InvalidAmount),
        }
    }

    /// An amount that may be zero; `None` above [`Money::MAX`].
    pub(in crate::bank) fn or_zero(minor_units: u64) -> Option<Self> {
        Some(Self(minor_units)).filter(|amount| *amount <= Self::MAX)
    }

    /// The minor units.
    pub const fn minor_units(self) -> u64 {
        self.0
    }

    /// The sum; `None` above [`Money::MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self).filter(|sum| *sum <= Self::MAX)
    }

    /// The difference; `None` below zero.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Deserializes an amount that may be zero.
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let out_of_range = || de::Error::custom(format_args!("money is at most {}", Self::MAX));
        Self::or_zero(u64::deserialize(deserializer)?).ok_or_else(out_of_range)
    }
}

/// Deserializes an amount, under the rules of [`Money::new`].
pub(in crate::bank) fn deserialize_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    Money::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_range_from_one_to_the_limit() {
        assert_eq!(Money::new(0), Err(InvalidAmount));
        assert_eq!(Money::new(-1), Err(InvalidAmount));
        assert_eq!(Money::new(i128::MAX), Err(InvalidAmount));
        assert_eq!(Money::new(Money::MAX.0 + 1), Err(InvalidAmount));
        assert_eq!(Money::new(Money::MAX.0), Ok(Money::MAX));
        assert_eq!(Money::new(1), Ok(Money(1)));
    }

    #[test]
    fn sums_stay_within_the_limit() {
        assert_eq!(Money::MAX.checked_add(Money(1)), None);
        assert_eq!(Money(1).checked_add(Money(2)), Some(Money(3)));
        assert_eq!(Money(1).checked_sub(Money(2)), None);
    }
}
