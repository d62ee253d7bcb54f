//! A recorded event as one line of JSON: the format in which logs move between stores.

use std::borrow::Cow;

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use thiserror::Error;
use uuid::Uuid;

use crate::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::store::codec::{StoredEvent, UnreadableEvent};

/// An event with its data as they are stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine::store) struct EventLine<'a> {
    pub(in crate::engine::store) position: Position,
    #[serde(borrow)]
    pub(in crate::engine::store) stream: Cow<'a, str>,
    pub(in crate::engine::store) version: Version,
    #[serde(borrow)]
    pub(in crate::engine::store) r#type: Cow<'a, str>,
    pub(in crate::engine::store) schema_version: u16,
    #[serde(borrow)]
    pub(in crate::engine::store) data: Cow<'a, RawValue>,
    pub(in crate::engine::store) time: Timestamp,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Uuid,
    /// Further details of the command, if any.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Cow<'a, RawValue>>,
}

impl<'a> EventLine<'a> {
    /// The command behind the event. `None` if its details are no JSON object.
    pub(in crate::engine::store) fn details(&self) -> Option<Metadata> {
        let metadata = self.metadata.as_ref().map(|metadata| metadata.get());
        let ids = Metadata::new(self.command_id, self.correlation_id, self.causation_id);
        let is_object = metadata.is_none_or(|metadata| metadata.starts_with('{'));
        is_object.then(|| ids.with_stored(metadata))
    }

    fn of<E: StoredEvent>(event: &'a RecordedEvent<E>) -> serde_json::Result<Self> {
        Ok(Self {
            position: event.position,
            stream: event.stream.as_str().into(),
            version: event.version,
            r#type: event.data.event_type().into(),
            schema_version: event.data.schema_version(),
            data: Cow::Owned(RawValue::from_string(event.data.to_json().map_err(serde::ser::Error::custom)?)?),
            time: event.time,
            command_id: event.metadata.command_id,
            correlation_id: event.metadata.correlation_id(),
            causation_id: event.metadata.causation_id(),
            metadata: event
                .metadata
                .stored()
                .map(|text| RawValue::from_string(text.to_owned()))
                .transpose()?
                .map(Cow::Owned),
        })
    }
}

impl<E: StoredEvent> Serialize for RecordedEvent<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EventLine::of(self).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// Why a line could not be read as an event.
#[derive(Debug, Error)]
pub enum UnreadableLine {
    /// The line is not the JSON of an event.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// This program cannot decode the event.
    #[error("the event is {0}")]
    Event(#[from] UnreadableEvent),
}

/// Appends an event and a line break to `lines`.
///
/// # Errors
///
/// Returns an error if the event cannot be encoded as JSON.
pub fn write_line<E: StoredEvent>(event: &RecordedEvent<E>, lines: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *lines, &EventLine::of(event)?)?;
    lines.push(b'\n');
    Ok(())
}

/// Reads an event from a line without its line break.
///
/// # Errors
///
/// Returns [`UnreadableLine`] if the line is not an event.
pub fn read_line<E: StoredEvent>(line: &[u8]) -> Result<RecordedEvent<E>, UnreadableLine> {
    let line: EventLine<'_> = serde_json::from_slice(line)?;
    let no_object = || <serde_json::Error as serde::de::Error>::custom("metadata: expected an object");
    let metadata = line.details().ok_or_else(no_object)?;
    let EventLine { position, stream, version, r#type, schema_version, data, time, .. } = line;
    let data = E::from_stored(&r#type, schema_version, data.get())?;
    Ok(RecordedEvent { position, stream: StreamId::named(&stream), version, time, metadata, data })
}
