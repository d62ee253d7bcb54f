//! The receipt for a handled command.

use tokio::time::Instant;

use crate::engine::feed::checkpoints::MAX_WAIT;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::Committed;

/// The stored events of a handled command.
#[derive(Clone, Debug)]
pub struct Receipt<E> {
    pub(super) events: Committed<E>,
    pub(super) seen: Seen,
}

impl<E> Receipt<E> {
    /// The receipt for events that needed no wait: handlers have seen them, and what followed, up to a position.
    pub(super) fn of_seen(events: Committed<E>, up_to: Position) -> Self {
        Self { events, seen: Seen { up_to, lagging: Vec::new(), deadline: None } }
    }

    /// The command's events, in order.
    pub fn events(&self) -> &[RecordedEvent<E>] {
        &self.events
    }

    /// The command's events.
    pub fn into_events(self) -> Committed<E> {
        self.events
    }

    /// The position of the command's last event.
    pub fn position(&self) -> Position {
        self.events.last().map_or(Position::START, |event| event.position)
    }

    /// Whether the command was handled before, by whichever program: these are the events of the first time.
    pub fn is_repeated(&self) -> bool {
        self.events.is_repeated()
    }

    /// The handlers of this program that had not seen the events when the wait timed out: queries may not include the
    /// events yet. Empty under eventual consistency. Handlers that run in another program are not waited for.
    pub fn lagging(&self) -> &[&'static str] {
        &self.seen.lagging
    }

    /// The position of the last event waited for: the command's own, or one that a process manager caused by it.
    pub fn seen_up_to(&self) -> Position {
        self.seen.up_to
    }

    /// The deadline of the wait for handlers.
    pub(crate) fn deadline(&self) -> Instant {
        self.seen.deadline.unwrap_or_else(|| Instant::now() + MAX_WAIT)
    }

    /// This receipt, after a further wait.
    pub(crate) fn and_seen(self, seen: Seen) -> Self {
        Self { seen, ..self }
    }
}

/// The result of waiting for the handlers.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The last event of the conversation waited for.
    pub(crate) up_to: Position,
    /// The handlers that had not seen that event when the wait ended.
    pub(crate) lagging: Vec<&'static str>,
    /// The deadline of the wait; `None` if there was no wait.
    pub(crate) deadline: Option<Instant>,
}
