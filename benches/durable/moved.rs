//! The event that all contenders store: as large as a deposit.

use cqrs_bank::engine::event::DomainEvent;
use cqrs_bank::engine::store::stored_event::{StoredEvent, UnreadableEvent};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Moved {
    pub(crate) name: Box<str>,
    pub(crate) amount: u64,
}

impl Moved {
    pub(crate) fn new(stream: usize, amount: u64) -> Self {
        Self { name: stream_name(stream).into(), amount }
    }
}

/// As the stream's, without its category.
pub(crate) fn stream_name(stream: usize) -> String {
    format!("number {stream}")
}

impl DomainEvent for Moved {
    fn event_type(&self) -> &'static str {
        "money_moved_between_two_places"
    }

    fn title(&self) -> &'static str {
        "Money Moved"
    }
}

impl StoredEvent for Moved {
    const DOMAIN: &'static str = "bench";

    fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap()
    }

    fn from_stored(_: &str, _: u16, json: &str) -> Result<Self, UnreadableEvent> {
        serde_json::from_str(json).map_err(|error| UnreadableEvent::Broken { reason: error.to_string() })
    }
}
