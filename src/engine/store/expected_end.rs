//! Where an append expects the log to end.

use std::fmt;

use crate::engine::log::Position;

/// Where the whole log must end before an append. Most appends go after any end.
///
/// One word, and not an `Option<Position>` of two: every command carries it through the store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ExpectedEnd(Position);

impl ExpectedEnd {
    /// Any end. No log reaches the position that stands for it.
    pub const ANY: Self = Self(Position::new(u64::MAX));

    /// This end and no other.
    pub fn at(end: Position) -> Self {
        Self(end)
    }

    /// Whether a log that ends there may be appended to.
    pub fn allows(self, end: Position) -> bool {
        self == Self::ANY || self.0 == end
    }
}

impl From<Option<Position>> for ExpectedEnd {
    fn from(end: Option<Position>) -> Self {
        end.map_or(Self::ANY, Self::at)
    }
}

impl fmt::Debug for ExpectedEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ANY => f.write_str("ANY"),
            Self(end) => fmt::Debug::fmt(&end, f),
        }
    }
}
