//! A moment in the past, told by position or by time.

use super::position::Position;
use super::recorded_event::RecordedEvent;
use super::timestamp::Timestamp;

/// A moment in the past of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After the event at this position.
    Position(Position),
    /// After the last event before this time, or at it.
    ///
    /// This goes by the times in the log, and those never go back. Where a machine's clock was ahead for a while, the
    /// events after that have the time it had then until the clock has passed it: for this moment they all happened at
    /// once, at that time. [`Moment::Position`] tells them apart.
    Time(Timestamp),
}

impl Moment {
    /// After everything that has happened.
    pub const NOW: Self = Self::Position(Position::new(u64::MAX));

    /// Whether an event had happened by then.
    pub fn is_after<E>(self, event: &RecordedEvent<E>) -> bool {
        self.includes(event.position, event.time)
    }

    /// The same for an event of which only the place in the log is known.
    pub fn includes(self, position: Position, time: Timestamp) -> bool {
        match self {
            Self::Position(moment) => position <= moment,
            Self::Time(moment) => time <= moment,
        }
    }
}
