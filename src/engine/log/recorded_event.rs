//! The recorded event: what happened, in which stream, and where it stands in the store.

use std::sync::Arc;

use super::metadata::Metadata;
use super::position::{Position, Version};
use super::stream_id::StreamId;
use super::timestamp::Timestamp;

/// An event as the store keeps it. As JSON it is [a line of an export](crate::engine::store::event_line).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent<E> {
    /// Its number in the whole store.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its number in that stream.
    pub version: Version,
    /// When it was decided.
    pub time: Timestamp,
    /// The command and the conversation behind it.
    pub metadata: Metadata,
    /// What happened.
    pub data: E,
}

/// Events in commit order, shared and never copied.
pub type Batch<E> = Arc<[RecordedEvent<E>]>;
