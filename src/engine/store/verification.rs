//! What comes of verifying a store.

use crate::engine::log::Position;

/// What became of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// All of it fits together.
    Whole(Verified),
    /// Something does not.
    Broken {
        /// The first position where that shows, if it is in the log itself.
        position: Option<Position>,
        /// What is wrong.
        problem: String,
    },
}

/// What was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many events.
    pub events: u64,
    /// In how many streams.
    pub streams: u64,
    /// With how many snapshots.
    pub snapshots: u64,
}
