//! Following what happens.

use super::{AccountEvent, Bank, Unavailable};
use crate::engine::event::{Position, RecordedEvent};
use crate::engine::store::{Committed, EventStore as _, Store};
use crate::engine::subscription::Subscription;

type Event = AccountEvent;

/// Every event from a position on: first those that have happened, then each as it happens, also those of other
/// processes that have the same store.
#[derive(Debug)]
pub struct Watch {
    bank: Bank,
    subscription: Subscription<Event, Store<Event>>,
    events: Committed<Event>,
    next: usize,
}

impl Bank {
    /// Follows the log from the event at `from` on; without a position, from the next one that happens.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the bank cannot serve.
    pub async fn watch(&self, from: Option<Position>) -> Result<Watch, Unavailable> {
        let after = match from {
            Some(from) => from.before(),
            None => {
                let end = self.event_store().end().await;
                self.or_unavailable(end).await?
            }
        };
        let subscription = Subscription::after(self.event_store().clone(), after);
        Ok(Watch { bank: self.clone(), subscription, events: Committed::nothing(), next: 0 })
    }
}

impl Watch {
    /// The next event. Waits until there is one.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: there will be no more.
    pub async fn next(&mut self) -> Result<RecordedEvent<Event>, Unavailable> {
        loop {
            if let Some(event) = self.events.get(self.next) {
                self.next += 1;
                return Ok(event.clone());
            }
            let events = self.subscription.next().await;
            self.events = self.bank.or_unavailable(events).await?;
            self.next = 0;
        }
    }
}
