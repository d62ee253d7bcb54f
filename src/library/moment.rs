//! A moment in the past, told by position or by time.

use crate::engine::clock::Timestamp;
use crate::engine::event::{Position, RecordedEvent};

/// A moment in the past of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After the event at this position.
    Position(Position),
    /// After the last event before this time, or at it.
    Time(Timestamp),
}

impl Moment {
    /// Whether an event had happened by then.
    pub fn is_after<E>(self, event: &RecordedEvent<E>) -> bool {
        match self {
            Self::Position(position) => event.position <= position,
            Self::Time(time) => event.time <= time,
        }
    }
}
