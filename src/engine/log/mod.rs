//! The words that a log is told in: what was recorded, in which stream, where it stands, when and why.
//!
//! These are plain values, and the ground that everything else stands on.

mod fingerprint;
mod metadata;
mod moment;
mod position;
mod recorded_event;
mod stream_id;
mod timestamp;

pub use self::fingerprint::*;
pub use self::metadata::*;
pub use self::moment::*;
pub use self::position::{Position, Version};
pub use self::recorded_event::{Batch, RecordedEvent};
pub use self::stream_id::StreamId;
pub use self::timestamp::{InvalidTime, Timestamp};
