//! An event of a commit that was read.

use std::borrow::Cow;

use crate::engine::log::{Metadata, Position, StreamId, Timestamp, Version};
use crate::engine::store::event_line::EventLine;
use crate::engine::store::hash_chain::Content;

/// An event with its data as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::store) struct EntryEvent<'a> {
    pub(in crate::engine::store) position: Position,
    pub(in crate::engine::store) stream: StreamId,
    pub(in crate::engine::store) version: Version,
    /// The position of the event before it in its stream, or 0, if the entry says so.
    pub(in crate::engine::store) previous_position: Option<u64>,
    pub(in crate::engine::store) r#type: Cow<'a, str>,
    pub(in crate::engine::store) schema_version: u16,
    pub(in crate::engine::store) time: Timestamp,
    pub(in crate::engine::store) metadata: Metadata,
    pub(in crate::engine::store) data: Cow<'a, str>,
}

impl<'a> EntryEvent<'a> {
    /// Reads a line, as the first form of an entry has one for each event.
    pub(super) fn from_line(line: &'a [u8]) -> Result<Self, String> {
        let line: EventLine<'a> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let metadata = line.details().ok_or("metadata are no object")?;
        let EventLine { position, stream, version, r#type, schema_version, data, time, .. } = line;
        let (stream, data) = (StreamId::named(&stream), data.get().to_owned().into());
        let previous_position = None;
        Ok(Self { position, stream, version, previous_position, r#type, schema_version, time, metadata, data })
    }

    /// What the event's hash covers.
    pub(in crate::engine::store) fn content(&self, previous_position: u64, number_in_command: u64) -> Content<'_> {
        Content {
            position: self.position.get(),
            stream: self.stream.as_str(),
            version: self.version.get(),
            previous_position,
            time: self.time,
            event_type: &self.r#type,
            schema_version: self.schema_version,
            number_in_command,
            metadata: &self.metadata,
            data: &self.data,
        }
    }
}
