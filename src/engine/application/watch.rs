//! Following what happens.

use super::{Application, Unavailable};
use crate::engine::event::{Position, RecordedEvent};
use crate::engine::store::stored_event::StoredEvent;
use crate::engine::store::{Committed, EventStore as _, Store};
use crate::engine::subscription::Subscription;

/// Every event from a position on: first those that have happened, then each as it happens, also those of other
/// processes that have the same store.
#[derive(Debug)]
pub struct Watch<E: 'static> {
    application: Application<E>,
    subscription: Subscription<E, Store<E>>,
    events: Committed<E>,
    next: usize,
}

impl<E: StoredEvent> Application<E> {
    /// Follows the log from the event at `from` on; without a position, from the next one that happens.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the application cannot serve.
    pub async fn watch(&self, from: Option<Position>) -> Result<Watch<E>, Unavailable> {
        let after = match from {
            Some(from) => from.before(),
            None => {
                let end = self.inner.store.end().await;
                self.or_unavailable(end).await?
            }
        };
        let subscription = Subscription::after(self.inner.store.clone(), after);
        Ok(Watch { application: self.clone(), subscription, events: Committed::nothing(), next: 0 })
    }
}

impl<E: StoredEvent> Watch<E> {
    /// The next event. Waits until there is one.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: there will be no more.
    pub async fn next(&mut self) -> Result<RecordedEvent<E>, Unavailable> {
        loop {
            if let Some(event) = self.events.get(self.next) {
                self.next += 1;
                return Ok(event.clone());
            }
            let events = self.subscription.next().await;
            self.events = self.application.or_unavailable(events).await?;
            self.next = 0;
        }
    }
}
