//! Parked events, on pages: a message has a largest size, and there may be any number of parked events.

use serde::{Deserialize, Serialize};

use super::{Records, message};
use crate::engine::log::{Position, Timestamp};
use crate::engine::store::StoreError;
use crate::engine::store::handler_records::{ParkedChange, ParkedEvent};
use crate::engine::store::nats::batch::Message;

/// A page has the events of so many successive numbers.
const PAGE: u64 = 32;

/// Which pages there are.
#[derive(Default, Serialize, Deserialize)]
struct Index {
    /// The number that was given last.
    last_number: u64,
    /// The pages that hold an event, in order.
    pages: Vec<u64>,
}

/// Events ordered by their numbers.
#[derive(Default, Serialize, Deserialize)]
struct Page {
    events: Vec<StoredParked>,
}

#[derive(Serialize, Deserialize)]
struct StoredParked {
    number: u64,
    handler: String,
    position: Position,
    attempts: u32,
    reason: String,
    time: Timestamp,
}

impl Records {
    pub(in crate::engine::store::nats) async fn read_parked(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, StoreError> {
        let (_, index) = self.read::<Index>(&self.index_subject()).await?.unwrap_or_default();
        let mut parked = Vec::new();
        for page in index.pages.into_iter().filter(|page| *page >= after.saturating_add(1) / PAGE) {
            if parked.len() >= limit {
                break;
            }
            let (_, Page { events }) = self.read::<Page>(&self.page_subject(page)).await?.unwrap_or_default();
            let events = events.into_iter().filter(|event| event.number > after);
            parked.extend(events.take(limit - parked.len()).map(ParkedEvent::from));
        }
        Ok(parked)
    }

    /// What is to be stored for a change. Nobody else changes the same: who changes it holds the lease, and a revision that
    /// is another by now is refused.
    pub(super) async fn parked_messages(&self, mut change: ParkedChange) -> Result<Vec<Message>, StoreError> {
        // Most progress changes nothing here, and asks nobody.
        if change == ParkedChange::None {
            return Ok(Vec::new());
        }
        let subject = self.index_subject();
        let (index_revision, mut index) = self.read::<Index>(&subject).await?.unwrap_or_default();
        let number = match &mut change {
            ParkedChange::None => return Ok(Vec::new()),
            ParkedChange::Park(event) => {
                index.last_number += 1;
                event.number = index.last_number;
                event.number
            }
            ParkedChange::Keep(event) => event.number,
            ParkedChange::Remove { number } => *number,
        };
        let page_number = number / PAGE;
        let page_subject = self.page_subject(page_number);
        let (page_revision, mut page) = self.read::<Page>(&page_subject).await?.unwrap_or_default();
        page.change(change);
        index.set(page_number, !page.events.is_empty());
        Ok(vec![message(&subject, &index, Some(index_revision))?, message(&page_subject, &page, Some(page_revision))?])
    }

    fn index_subject(&self) -> String {
        self.connection.record("parked")
    }

    fn page_subject(&self, page: u64) -> String {
        self.connection.record(&format!("parked_{page}"))
    }
}

impl Index {
    /// Notes whether a page holds an event.
    fn set(&mut self, page: u64, is_used: bool) {
        match self.pages.binary_search(&page) {
            Ok(place) if !is_used => {
                self.pages.remove(place);
            }
            Err(place) if is_used => self.pages.insert(place, page),
            Ok(_) | Err(_) => {}
        }
    }
}

impl Page {
    fn change(&mut self, change: ParkedChange) {
        match change {
            ParkedChange::None => {}
            ParkedChange::Park(event) | ParkedChange::Keep(event) => {
                let event = StoredParked::from(event);
                match self.events.binary_search_by_key(&event.number, |known| known.number) {
                    Ok(place) => self.events[place] = event,
                    Err(place) => self.events.insert(place, event),
                }
            }
            ParkedChange::Remove { number } => self.events.retain(|event| event.number != number),
        }
    }
}

impl From<ParkedEvent> for StoredParked {
    fn from(ParkedEvent { number, handler, position, attempts, reason, time }: ParkedEvent) -> Self {
        Self { number, handler, position, attempts, reason, time }
    }
}

impl From<StoredParked> for ParkedEvent {
    fn from(StoredParked { number, handler, position, attempts, reason, time }: StoredParked) -> Self {
        Self { number, handler, position, attempts, reason, time }
    }
}
