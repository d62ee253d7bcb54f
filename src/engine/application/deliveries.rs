//! What came of events at their handlers.

use super::handlers::MAX_PARKED;
use super::{Application, Unavailable};
use crate::engine::event_handler::{Delivery, DeliveryOutcome, HandlerControl};
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedEvent};

/// What is known of deliveries: what this process [remembers](HandlerControl::delivery), and which events are parked.
#[derive(Debug)]
pub struct KnownDeliveries {
    controls: Vec<HandlerControl>,
    parked: Vec<ParkedEvent>,
}

impl<E: StoredEvent> Application<E> {
    /// What is known of deliveries now.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the parked events cannot be read.
    pub async fn deliveries(&self) -> Result<KnownDeliveries, Unavailable> {
        let parked = self.store().read_parked(0, MAX_PARKED).await;
        Ok(KnownDeliveries { controls: self.handler_controls(), parked: self.or_unavailable(parked).await? })
    }
}

impl KnownDeliveries {
    /// What came of the event at a position, at each handler of which that is known.
    pub fn of(&self, position: Position) -> Vec<Delivery> {
        self.controls.iter().filter_map(|control| self.at(control, position)).collect()
    }

    fn at(&self, handler: &HandlerControl, position: Position) -> Option<Delivery> {
        let is_it = |parked: &&ParkedEvent| parked.position == position && parked.handler == handler.name();
        handler.delivery(position).or_else(|| {
            let ParkedEvent { attempts, reason, .. } = self.parked.iter().find(is_it)?.clone();
            let outcome = DeliveryOutcome::Parked { reason };
            Some(Delivery { handler: handler.name(), position, attempts, outcome })
        })
    }
}
