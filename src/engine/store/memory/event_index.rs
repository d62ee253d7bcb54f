//! Addresses events in the log.

/// An event's address: the commit's index in the log, and the event's index in the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) commit: u32,
    pub(super) index: u32,
}

impl Place {
    pub(super) fn at(commit: u32, index: u32) -> Self {
        Self { commit, index }
    }
}
