//! The recorded event: what happened, in which stream, and where it stands in the store.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
pub use super::metadata::Metadata;

/// A fact of some domain, in the past tense. Never changed, never deleted.
pub trait DomainEvent: fmt::Debug + Clone + Send + Sync + 'static {
    /// The name the event is stored under. It outlives the Rust type, so it never changes.
    fn event_type(&self) -> &'static str;

    /// The event as the trace names it, for instance `Money Deposited`.
    fn title(&self) -> &'static str;

    /// The form in which the event's data are stored. It grows when that form changes, so that older data are
    /// still understood.
    fn schema_version(&self) -> u16 {
        1
    }
}

/// The name of a stream: the ordered events of one aggregate, for instance `account-Wolfman`.
///
/// Cheap to clone; all events of a stream share one name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// The stream of the aggregate `id` in a category such as `account`.
    pub fn new(category: &str, id: &impl fmt::Display) -> Self {
        Self(format!("{category}-{id}").into())
    }

    /// A stream by its whole name, as a store has it.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }

    /// The whole name, category included.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

macro_rules! event_number {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Before the first event.
            pub const START: Self = Self(0);

            /// The number as it is printed: the first event has 1.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The plain number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number `count` events later.
            pub const fn plus(self, count: usize) -> Self {
                Self(self.0 + count as u64)
            }

            /// The number of the next event.
            pub const fn next(self) -> Self {
                self.plus(1)
            }

            /// The number of the event before, or [`Self::START`] before the first.
            pub const fn before(self) -> Self {
                Self(self.0.saturating_sub(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

event_number! {
    /// An event's number in its stream, from 1, without gaps.
    Version
}

event_number! {
    /// An event's number in the whole store, strictly increasing in commit order.
    Position
}

/// An event as the store keeps it.
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
