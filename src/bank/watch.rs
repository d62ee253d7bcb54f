//! Following what happens.

use super::any_store::AnyStore;
use super::{AccountEvent, Bank, Unavailable};
use crate::engine::event::{Position, RecordedEvent};
use crate::engine::store::memory::MemoryStore;
use crate::engine::store::sqlite::SqliteStore;
use crate::engine::store::{Committed, StoreError};
use crate::engine::subscription::Subscription;

type Event = AccountEvent;

/// Every event from a position on: first those that have happened, then each as it happens, also those of other
/// processes that have the same store.
#[derive(Debug)]
pub struct Watch {
    bank: Bank,
    subscription: AnySubscription,
    events: Committed<Event>,
    next: usize,
}

#[derive(Debug)]
enum AnySubscription {
    Memory(Subscription<Event, MemoryStore<Event>>),
    Sqlite(Subscription<Event, SqliteStore<Event>>),
}

impl AnySubscription {
    async fn next(&mut self) -> Result<Committed<Event>, StoreError> {
        match self {
            Self::Memory(subscription) => subscription.next().await,
            Self::Sqlite(subscription) => subscription.next().await,
        }
    }
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
        let subscription = match self.event_store() {
            AnyStore::Memory(store) => AnySubscription::Memory(Subscription::after(store.clone(), after)),
            AnyStore::Sqlite(store) => AnySubscription::Sqlite(Subscription::after(store.clone(), after)),
        };
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
