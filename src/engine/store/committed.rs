//! The stored events of a command.

use std::fmt;
use std::ops::{Deref, Range};

use crate::engine::log::{Batch, RecordedEvent};

/// Stored events: a slice of one commit, shared with the log.
pub struct Committed<E> {
    commit: Batch<E>,
    start: u32,
    /// The end of the slice, and [`REPEATED`]: kept small, as every command has one.
    end: u32,
}

/// Marks the first outcome of a command that was sent again.
const REPEATED: u32 = 1 << 31;

impl<E> Clone for Committed<E> {
    fn clone(&self) -> Self {
        let Self { commit, start, end } = self;
        Self { commit: commit.clone(), start: *start, end: *end }
    }
}

impl<E> Committed<E> {
    /// The events of a commit within `range`.
    pub fn new(commit: Batch<E>, range: Range<usize>) -> Self {
        debug_assert!(range.start <= range.end && range.end <= commit.len());
        let (start, end) = (number_within(range.start), number_within(range.end));
        Self { commit, start, end }
    }

    /// The same, as the first outcome of a command that was sent again.
    pub(crate) fn repeated(self) -> Self {
        Self { end: self.end | REPEATED, ..self }
    }

    /// Whether these are the first outcome of a command that was sent again.
    pub(crate) fn is_repeated(&self) -> bool {
        self.end & REPEATED != 0
    }

    /// All events of a commit or a read.
    pub fn whole(events: Batch<E>) -> Self {
        let end = events.len();
        Self::new(events, 0..end)
    }

    /// No events, for a command that changes nothing.
    pub fn nothing() -> Self {
        Self::new(Batch::from([]), 0..0)
    }
}

#[expect(clippy::expect_used, reason = "a batch of so many events does not fit into memory")]
fn number_within(batch: usize) -> u32 {
    u32::try_from(batch).ok().filter(|number| *number < REPEATED).expect("a batch holds fewer than 2^31 events")
}

impl<E> Deref for Committed<E> {
    type Target = [RecordedEvent<E>];

    fn deref(&self) -> &Self::Target {
        &self.commit[self.start as usize..(self.end & !REPEATED) as usize]
    }
}

impl<E: fmt::Debug> fmt::Debug for Committed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
