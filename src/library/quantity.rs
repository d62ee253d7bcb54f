//! A number of copies.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A number of copies, from 1 to [`Quantity::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

/// A number outside the range of [`Quantity`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a quantity is a whole number from 1 to {}", Quantity::MAX)]
pub struct InvalidQuantity;

impl Quantity {
    /// The most copies of one book that a library holds.
    pub const MAX: Self = Self(1_000_000);

    /// Checks a number of copies.
    ///
    /// # Errors
    ///
    /// [`InvalidQuantity`] if the number is zero, negative or above [`Quantity::MAX`].
    pub fn new(copies: impl TryInto<u32>) -> Result<Self, InvalidQuantity> {
        match copies.try_into() {
            Ok(copies) if (1..=Self::MAX.0).contains(&copies) => Ok(Self(copies)),
            _ => Err(InvalidQuantity),
        }
    }

    /// The plain number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl TryFrom<u32> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(copies: u32) -> Result<Self, InvalidQuantity> {
        Self::new(copies)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_range_from_one_to_the_limit() {
        for wrong in [0, -1, 1_000_001, i64::MAX] {
            assert_eq!(Quantity::new(wrong), Err(InvalidQuantity), "{wrong}");
        }
        assert_eq!(Quantity::new(1).map(Quantity::get), Ok(1));
        assert_eq!(Quantity::new(1_000_000), Ok(Quantity::MAX));
    }
}
