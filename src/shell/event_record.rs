//! An event as `--json` prints it.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::{StoredEvent, data_to_show, fields_to_show};
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
    data_to_show(event, Some(MASK))
}

/// The same, field by field.
pub(super) fn fields<E: StoredEvent>(event: &E) -> Option<Vec<(String, Box<RawValue>)>> {
    fields_to_show(event, Some(MASK))
}
