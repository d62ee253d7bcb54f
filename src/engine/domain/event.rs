//! Domain events, and how older versions of them are read.

use std::fmt;

use serde_json::Value;

/// A fact, named in the past tense. Never changed, never deleted.
///
/// An event that derives `Serialize` and `Deserialize` [can be stored](crate::engine::store::codec) as it is.
pub trait DomainEvent: fmt::Debug + Clone + Send + Sync + 'static {
    /// The domain's name, a noun that takes an article, for instance `bank`. A file created for one domain is not
    /// opened for another, so the name never changes.
    const DOMAIN: &'static str = "domain";

    /// The name under which the event is stored: the variant's [serde name](crate::engine::store::codec::serde_name()), as it is
    /// or in snake case. A file refuses to store an event under another name; a store in memory does not check this, but
    /// [`assert_stored`](crate::engine::testing::assert_stored) does. It outlives the Rust type, so it never changes.
    fn event_type(&self) -> &'static str;

    /// The event's name for people, for instance `Money Deposited`. Defaults to the event type.
    fn title(&self) -> &'static str {
        self.event_type()
    }

    /// Whether a field of the stored event is shown to nobody, such as what a secret is verified with. Prompts show stars
    /// in its place; it is stored and exported like any other.
    fn hides(field: &str) -> bool {
        let _ = field;
        false
    }

    /// Returns the step that converts data of `schema_version` to the next version; `None` for the current version.
    ///
    /// Only this function knows older versions. When the format of an event changes, add a step; stored events pass
    /// through all steps after their own version. Never change an existing step.
    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        let _ = (event_type, schema_version);
        None
    }

    /// The schema version that this event is written in; `None` for the current one.
    ///
    /// Where a version only adds what an event may lack, an event that lacks it can be written in the version before: its
    /// bytes stay what they were, and earlier programs read it. The upcasting step to such a version changes nothing, and
    /// [`only_adds`](DomainEvent::only_adds) says so.
    fn written_version(&self) -> Option<u16> {
        None
    }

    /// Whether the version after `schema_version` only adds what an event may lack. Older data are then decoded as they
    /// are, which is faster than passing through a step.
    fn only_adds(event_type: &str, schema_version: u16) -> bool {
        let _ = (event_type, schema_version);
        false
    }
}

/// Converts data of one schema version to the next. Pure and total: malformed data stay malformed.
pub type Upcast = fn(Value) -> Value;

/// The current schema version of an event type: one more than it has upcasting steps.
pub(crate) fn current_version<E: DomainEvent>(event_type: &str) -> u16 {
    (1..u16::MAX).find(|version| E::upcast(event_type, *version).is_none()).unwrap_or(u16::MAX)
}
