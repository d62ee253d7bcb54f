//! Strong consistency: a command's receipt waits until the handlers have seen its events.

use std::pin::pin;

use tokio::time::Instant;
use uuid::Uuid;

use super::Base;
use super::receipt::{Receipt, Seen};
use crate::engine::feed::checkpoints::{Consistency, MAX_WAIT};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::Committed;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Base<E> {
    /// The receipt for stored events, if nothing more is to be waited for; otherwise the events.
    pub(super) fn receipt_at_once(
        &self,
        events: Committed<E>,
        consistency: Consistency,
    ) -> Result<Receipt<E>, Committed<E>> {
        let seen_up_to = events.last().and_then(|last| match consistency {
            Consistency::Strong => self.conversation_seen_up_to(last),
            Consistency::Eventual => Some(last.position),
        });
        match seen_up_to {
            Some(up_to) => Ok(Receipt::of_seen(events, up_to)),
            None => Err(events),
        }
    }

    /// The receipt for stored events, once all awaited handlers have seen them.
    pub(super) async fn receipt(&self, events: Committed<E>, consistency: Consistency) -> Receipt<E> {
        let Some(last) = events.last() else {
            // Boxed: keeps the common future small.
            Box::pin(self.wait_until_decision_is_seen(consistency)).await;
            return Receipt::of_seen(events, Position::START);
        };
        let (correlation_id, position) = (last.metadata.correlation_id(), last.position);
        let seen = self.wait_until_conversation_is_seen(correlation_id, position, Instant::now() + MAX_WAIT).await;
        Receipt { events, seen }
    }

    /// After a decision without events, waits for the events it was based on: the caller's next question may be about
    /// them. A timeout does not change the decision.
    pub(super) async fn wait_until_decision_is_seen(&self, consistency: Consistency) {
        let _ = self.catch_up(consistency).await;
    }

    /// The end of an event's conversation, if all awaited handlers have seen it.
    fn conversation_seen_up_to(&self, last: &RecordedEvent<E>) -> Option<Position> {
        let mut up_to = last.position;
        // A conversation is extended before what extends it is seen, so that its end is asked for afterwards.
        while self.checkpoints.is_seen_by_all(up_to) {
            match self.checkpoints.end_of_conversation(last.metadata.correlation_id()) {
                Some(further) if further > up_to => up_to = further,
                Some(_) | None => return Some(up_to),
            }
        }
        None
    }

    /// Waits until the handlers have seen what process managers have answered an event with, long after it was seen itself.
    pub(super) async fn wait_until_answers_are_seen(&self, event: &RecordedEvent<E>) {
        let (correlation_id, deadline) = (event.metadata.correlation_id(), Instant::now() + MAX_WAIT);
        let _ = self.wait_until_conversation_is_seen(correlation_id, event.position, deadline).await;
    }

    /// Waits until the handlers have seen an event and everything that process managers cause by it, or until the
    /// deadline.
    async fn wait_until_conversation_is_seen(
        &self,
        correlation_id: Uuid,
        mut up_to: Position,
        deadline: Instant,
    ) -> Seen {
        let is_seen = {
            // Pinned here, so that it is not moved into the future that waits for it.
            let seen = pin!(async {
                loop {
                    self.checkpoints.all_have_seen(up_to).await;
                    match self.checkpoints.end_of_conversation(correlation_id) {
                        Some(further) if further > up_to => up_to = further,
                        Some(_) | None => break,
                    }
                }
            });
            // One timer for the whole conversation.
            self.supervisor.timeout_at(deadline, seen).await.is_some()
        };
        let lagging = if is_seen { self.checkpoints.held_back_from(up_to) } else { self.checkpoints.lagging(up_to) };
        Seen { up_to, lagging, deadline: Some(deadline) }
    }

    /// Waits for all awaited handlers that still run. Returns those that lag.
    pub(crate) async fn wait_until_seen(&self, position: Position, deadline: Instant) -> Vec<&'static str> {
        self.checkpoints.wait_until_seen(position, deadline.saturating_duration_since(Instant::now())).await
    }
}
