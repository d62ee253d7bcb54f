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
    const DOMAIN: &'static str = "test";

    fn to_json(&self) -> String {
        format!("{{\"number\":{}}}", self.0)
    }

    fn from_stored(event_type: &str, schema_version: u16, json: &str) -> Result<Self, UnreadableEvent> {
        let number = json.strip_prefix("{\"number\":").and_then(|json| json.strip_suffix('}'));
        match (event_type, schema_version, number.and_then(|number| number.parse().ok())) {
            ("happened", 1, Some(number)) => Ok(Self(number)),
            ("happened", 1, None) => Err(UnreadableEvent::Broken { reason: json.to_owned() }),
            ("happened", ..) => {
                Err(UnreadableEvent::UnknownVersion { event_type: event_type.to_owned(), schema_version })
            }
            _ => Err(UnreadableEvent::UnknownType { event_type: event_type.to_owned() }),
        }
    }
}
