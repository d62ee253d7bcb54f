//! The result of verifying a store.

use crate::engine::log::Position;

/// The outcome of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The store is consistent.
    Whole(Verified),
    /// The store is not consistent.
    Broken {
        /// The position of the first problem, if it is in the log itself.
        position: Option<Position>,
        /// What is wrong.
        problem: String,
    },
}

/// Counts of what was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Number of events.
    pub events: u64,
    /// Number of streams.
    pub streams: u64,
    /// Number of snapshots.
    pub snapshots: u64,
}
