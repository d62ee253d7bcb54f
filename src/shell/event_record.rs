//! An event as `--json` prints it.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::shell::language::masking::MASK;

#[derive(Serialize)]
struct EventRecord<'a> {
    position: u64,
    stream: &'a str,
    version: u64,
    r#type: &'static str,
    data: Box<RawValue>,
    time: String,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

/// An event with all its metadata, as a JSON object.
pub(super) fn event_record<E: StoredEvent>(event: &RecordedEvent<E>) -> Option<Box<RawValue>> {
    let record = EventRecord {
        position: event.position.get(),
        stream: event.stream.as_str(),
        version: event.version.get(),
        r#type: event.data.event_type(),
        data: data(&event.data)?,
        time: event.time.to_string(),
        command_id: event.metadata.command_id,
        correlation_id: event.metadata.correlation_id(),
        causation_id: event.metadata.causation_id(),
        user: event.metadata.user(),
    };
    to_raw_value(&record).ok()
}

/// The data of an event, as it is stored, with stars in place of what it [hides](crate::engine::domain::DomainEvent::hides).
pub(super) fn data<E: StoredEvent>(event: &E) -> Option<Box<RawValue>> {
    let stored = event.to_json().ok()?;
    let fields = fields_of::<E>(&stored)?;
    match fields.iter().any(|(field, _)| E::hides(field)) {
        true => to_raw_value(&Fields(fields)).ok(),
        false => RawValue::from_string(stored).ok(),
    }
}

/// The same, field by field.
pub(super) fn fields<E: StoredEvent>(event: &E) -> Option<Vec<(String, Box<RawValue>)>> {
    fields_of::<E>(&event.to_json().ok()?)
}

fn fields_of<E: StoredEvent>(stored: &str) -> Option<Vec<(String, Box<RawValue>)>> {
    let Fields(mut fields) = serde_json::from_str(stored).ok()?;
    for (_, value) in fields.iter_mut().filter(|(field, _)| E::hides(field)) {
        *value = to_raw_value(MASK).ok()?;
    }
    Some(fields)
}

/// The fields of an object, in their order.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, value)| (field, value)))
    }
}
