//! What came of the events that a handler was called with, for those who draw a conversation.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::log::Position;

/// The latest deliveries that are remembered of each handler.
pub const LATEST_DELIVERIES: usize = 1_000;

/// What came of an event's delivery to a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The handler's name.
    pub handler: &'static str,
    /// The event's position.
    pub position: Position,
    /// The number of attempts, the first included.
    pub attempts: u32,
    /// What the latest of them came to.
    pub outcome: DeliveryOutcome,
}

/// What the latest attempt of a delivery came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The handler has acknowledged the event.
    Acknowledged,
    /// It came twice, as if the first acknowledgement had been lost, and the handler has acknowledged it.
    CameTwice,
    /// It failed, and is tried again.
    Failed {
        /// The failure's reason.
        reason: String,
    },
    /// The event is parked.
    Parked {
        /// The failure's reason.
        reason: String,
    },
    /// The event was given up: nobody handles it.
    Skipped,
    /// The handler's task died before it could acknowledge the event.
    Crashed,
}

/// The latest deliveries of a handler since it was started here. Cheap to clone.
///
/// They are told, not stored: what another process has delivered, or this one before it was started, is not among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Deliveries(Arc<Mutex<VecDeque<Delivery>>>);

impl Deliveries {
    pub(super) fn note(&self, delivery: Delivery) {
        let mut latest = self.lock();
        // Almost always the same event as before, or a later one.
        if let Some(earlier) = latest.iter_mut().rev().find(|earlier| earlier.position <= delivery.position)
            && earlier.position == delivery.position
        {
            *earlier = delivery;
            return;
        }
        if latest.len() == LATEST_DELIVERIES {
            latest.pop_front();
        }
        let place =
            latest.iter().rposition(|earlier| earlier.position < delivery.position).map_or(0, |place| place + 1);
        latest.insert(place, delivery);
    }

    pub(super) fn of(&self, position: Position) -> Option<Delivery> {
        let latest = self.lock();
        let place = latest.binary_search_by_key(&position, |delivery| delivery.position).ok()?;
        latest.get(place).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Delivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledged(position: u64, attempts: u32) -> Delivery {
        let outcome = DeliveryOutcome::Acknowledged;
        Delivery { handler: "mail", position: Position::new(position), attempts, outcome }
    }

    #[test]
    fn the_latest_attempt_of_each_event_is_told_and_the_oldest_events_are_forgotten() {
        let deliveries = Deliveries::default();
        for position in [2, 4, 4, 9, 4, 3] {
            deliveries.note(acknowledged(position, 1));
        }
        deliveries.note(acknowledged(4, 2));
        let attempts = |position| deliveries.of(Position::new(position)).map(|delivery| delivery.attempts);
        assert_eq!([2, 3, 4, 5, 9].map(attempts), [Some(1), Some(1), Some(2), None, Some(1)]);
        for position in 10..10 + LATEST_DELIVERIES as u64 {
            deliveries.note(acknowledged(position, 1));
        }
        assert_eq!([9, 10, 1_009].map(attempts), [None, Some(1), Some(1)]);
    }
}
