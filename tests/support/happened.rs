//! An event that says no more than its number.

use cqrs_bank::engine::event::DomainEvent;
use cqrs_bank::engine::store::stored_event::{StoredEvent, UnreadableEvent};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happened(pub(crate) u64);

impl DomainEvent for Happened {
    fn event_type(&self) -> &'static str {
        "happened"
    }

    fn title(&self) -> &'static str {
        "Happened"
    }
}

impl StoredEvent for Happened {
    fn to_json(&self) -> String {
        format!("{{\"number\":{}}}", self.0)
    }

    fn from_stored(event_type: &str, schema_version: u16, json: &str) -> Result<Self, UnreadableEvent> {
        let number = json.strip_prefix("{\"number\":").and_then(|json| json.strip_suffix('}'));
        match (event_type, schema_version, number.and_then(|number| number.parse().ok())) {
            ("happened", 1, Some(number)) => Ok(Self(number)),
            _ => Err(UnreadableEvent { reason: format!("{event_type} {schema_version} {json}") }),
        }
    }
}
