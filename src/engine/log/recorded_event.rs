//! The recorded event: what happened, in which stream, and at which position.

use std::sync::Arc;

use super::metadata::Metadata;
use super::position::{Position, Version};
use super::stream_id::StreamId;
use super::timestamp::Timestamp;

/// An event as stored. It serializes to JSON as [a line of an export](crate::engine::store::event_line).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent<E> {
    /// The event's number in the whole store.
    pub position: Position,
    /// The stream that contains the event.
    pub stream: StreamId,
    /// The event's number in that stream.
    pub version: Version,
    /// When the command was decided.
    pub time: Timestamp,
    /// The command and the conversation behind it.
    pub metadata: Metadata,
    /// What happened.
    pub data: E,
}

/// Events in commit order, shared and never copied.
pub type Batch<E> = Arc<[RecordedEvent<E>]>;
