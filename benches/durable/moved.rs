//! The event that all contenders store: as large as a deposit.

use cqrs_bank::engine::domain::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename = "money_moved_between_two_places")]
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
    const DOMAIN: &'static str = "bench";

    fn event_type(&self) -> &'static str {
        "money_moved_between_two_places"
    }

    fn title(&self) -> &'static str {
        "Money Moved"
    }
}
