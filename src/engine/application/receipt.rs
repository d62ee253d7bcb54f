//! The receipt for a handled command.

use tokio::time::Instant;

use super::Base;
use super::seen::Seen;
use crate::engine::feed::checkpoints::{Consistency, MAX_WAIT};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::Committed;
use crate::engine::store::codec::StoredEvent;

/// The stored events of a handled command.
#[derive(Clone, Debug)]
pub struct Receipt<E> {
    events: Committed<E>,
    seen: Seen,
}

impl<E> Receipt<E> {
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

    /// The handlers that had not seen the events when the wait timed out: queries may not include the events yet. Empty
    /// under eventual consistency.
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

impl<E: StoredEvent> Base<E> {
    /// The receipt for stored events, once all awaited handlers have seen them.
    pub(super) async fn receipt(&self, events: Committed<E>, consistency: Consistency) -> Receipt<E> {
        let up_to = events.last().map_or(Position::START, |last| last.position);
        if events.is_empty() {
            self.wait_until_decision_is_seen(consistency).await;
        }
        let seen = match events.last() {
            // Boxed: keeps the common future small.
            Some(last) if consistency == Consistency::Strong && !self.is_seen(last) => {
                let deadline = Instant::now() + MAX_WAIT;
                Box::pin(self.wait_until_conversation_is_seen(last.metadata.correlation_id, last.position, deadline))
                    .await
            }
            _ => Seen { up_to, lagging: Vec::new(), deadline: None },
        };
        Receipt { events, seen }
    }
}
