//! A moment in the past, given by position or by time.

use super::position::Position;
use super::recorded_event::RecordedEvent;
use super::timestamp::Timestamp;

/// A moment in the history of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After the event at this position.
    Position(Position),
    /// After the last event before this time, or at it.
    ///
    /// Times in the log never go back. If a machine's clock ran ahead for a while, later events keep that time until
    /// the clock catches up, so this moment includes all of them or none. [`Moment::Position`] tells them apart.
    Time(Timestamp),
}

impl Moment {
    /// After everything that has happened.
    pub const NOW: Self = Self::Position(Position::new(u64::MAX));

    /// Whether an event had happened by then.
    pub fn is_after<E>(self, event: &RecordedEvent<E>) -> bool {
        self.includes(event.position, event.time)
    }

    /// Like [`Moment::is_after`], for an event known only by position and time.
    pub fn includes(self, position: Position, time: Timestamp) -> bool {
        match self {
            Self::Position(moment) => position <= moment,
            Self::Time(moment) => time <= moment,
        }
    }
}
