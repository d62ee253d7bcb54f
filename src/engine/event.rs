//! The recorded event: what happened, in which stream, and where it stands in the store.

mod contains;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

pub use self::contains::{Contains, domain_events};
use super::clock::Timestamp;
pub use super::metadata::Metadata;

/// A fact of some domain, in the past tense. Never changed, never deleted.
///
/// One that derives `Serialize` and `Deserialize` [is stored](super::store::stored_event) without more.
pub trait DomainEvent: fmt::Debug + Clone + Send + Sync + 'static {
    /// What events of this type are about, in a word that takes an article: `bank`, for instance. A file that was made
    /// for one domain is not opened for another. It never changes.
    const DOMAIN: &'static str = "domain";

    /// The name the event is stored under. It outlives the Rust type, so it never changes.
    fn event_type(&self) -> &'static str;

    /// The event as people see it, for instance `Money Deposited`: its type, unless it says otherwise.
    fn title(&self) -> &'static str {
        self.event_type()
    }

    /// How data of an older form are brought to the next: what makes of those of `schema_version` those of the version
    /// after it. `None` for the form of today.
    ///
    /// This is the one place that knows of older forms. An event whose form changes gets one more step here, and all
    /// that was stored is read through the steps that follow its own form. No step ever changes again.
    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        let _ = (event_type, schema_version);
        None
    }
}

/// Makes data of one form those of the next. Pure and total: data that are broken stay broken.
pub type Upcast = fn(Value) -> Value;

/// The form of today of a type of events: one more than there are steps to it.
pub(crate) fn current_version<E: DomainEvent>(event_type: &str) -> u16 {
    (1..u16::MAX).find(|version| E::upcast(event_type, *version).is_none()).unwrap_or(u16::MAX)
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

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
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

            /// The number `count` events later, and at the most the last there is.
            pub const fn plus(self, count: usize) -> Self {
                Self(self.0.saturating_add(count as u64))
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

/// An event as the store keeps it. As JSON it is [a line of an export](super::store::event_line).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_their_range() {
        let last = Position::new(u64::MAX);
        assert_eq!((last.next(), last.plus(2), Position::START.before()), (last, last, Position::START));
        assert_eq!(Version::new(u64::MAX - 1).plus(2), Version::new(u64::MAX));
    }
}
