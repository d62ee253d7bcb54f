//! An event's place: its version in its stream, its position in the whole store.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! event_number {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Before the first event.
            pub const START: Self = Self(0);

            /// Creates the number; the first event has 1.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The underlying number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number `count` events later, saturating.
            pub const fn plus(self, count: usize) -> Self {
                Self(self.0.saturating_add(count as u64))
            }

            /// The number of the next event.
            pub const fn next(self) -> Self {
                self.plus(1)
            }

            /// The number of the event before, or [`Self::START`] before the first.
            pub const fn before(self) -> Self {
                Self(self.0.saturating_sub(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

event_number! {
    /// An event's number in its stream, from 1, without gaps.
    Version
}

event_number! {
    /// An event's number in the whole store, strictly increasing in commit order.
    Position
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_their_range() {
        let last = Position::new(u64::MAX);
        assert_eq!((last.next(), last.plus(2), Position::START.before()), (last, last, Position::START));
        assert_eq!(Version::new(u64::MAX - 1).plus(2), Version::new(u64::MAX));
    }
}
