//! The vocabulary of the log: recorded events, streams, positions, times and metadata.
//!
//! Plain values; everything else in the engine builds on them.

mod fingerprint;
mod hex;
mod metadata;
mod moment;
mod position;
mod recorded_event;
mod stream_id;
mod timestamp;

pub use self::fingerprint::*;
pub(in crate::engine) use self::hex::{from_hex, hex};
pub use self::metadata::*;
pub use self::moment::*;
pub use self::position::{Position, Version};
pub use self::recorded_event::{Batch, RecordedEvent};
pub use self::stream_id::StreamId;
pub use self::timestamp::{InvalidTime, Timestamp};
