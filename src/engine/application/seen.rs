//! Waiting until the handlers have seen what a caller is about to hear of.

use tokio::time::Instant;
use uuid::Uuid;

use super::Base;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::codec::StoredEvent;

/// What came of waiting for the handlers.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The last event of the conversation that was waited for.
    pub(crate) up_to: Position,
    /// Who had not seen it when waiting ended.
    pub(crate) lagging: Vec<&'static str>,
    /// When waiting ends at the latest, where it was begun.
    pub(crate) deadline: Option<Instant>,
}

impl<E: StoredEvent> Base<E> {
    /// Whoever hears of a decision that has led to no events asks next about what it was made on. All of that is known to
    /// the store by now. Where the read models do not come to it in time, the decision stands all the same.
    pub(super) async fn decision_seen(&self, consistency: Consistency) {
        let _ = self.caught_up(consistency).await;
    }

    /// Whether there is nothing to wait for.
    pub(super) fn is_seen(&self, last: &RecordedEvent<E>) -> bool {
        self.checkpoints.have_passed(last.position)
            && self.checkpoints.conversation_goes_on_to(last.metadata.correlation_id).is_none()
    }

    /// Waits until the handlers have seen an event and all that process managers have made of it, however often that
    /// goes on, until the deadline.
    pub(super) async fn conversation_seen(&self, correlation_id: Uuid, mut up_to: Position, deadline: Instant) -> Seen {
        loop {
            let lagging = self.seen_by_all(up_to, deadline).await;
            match self.checkpoints.conversation_goes_on_to(correlation_id) {
                Some(further) if lagging.is_empty() && further > up_to => {
                    if Instant::now() >= deadline {
                        let lagging = self.checkpoints.lagging(further);
                        return Seen { up_to: further, lagging, deadline: Some(deadline) };
                    }
                    up_to = further;
                }
                _ => return Seen { up_to, lagging, deadline: Some(deadline) },
            }
        }
    }

    /// Waits for the handlers, and not for those that have stopped. Answers who lags.
    pub(crate) async fn seen_by_all(&self, position: Position, deadline: Instant) -> Vec<&'static str> {
        self.checkpoints.wait(position, deadline.saturating_duration_since(Instant::now())).await
    }
}
