//! Events as text, for stores that keep them outside the process.

use thiserror::Error;

use crate::engine::event::DomainEvent;

/// An event that can be written down and read back.
pub trait StoredEvent: DomainEvent {
    /// What events of this type are about, in a word that takes an article: `bank`, for instance. A file that was made
    /// for one domain is not opened for another. It never changes.
    const DOMAIN: &'static str;

    /// The event's data as JSON, in the form of its [`schema_version`](DomainEvent::schema_version).
    fn to_json(&self) -> String;

    /// Reads what [`to_json`](StoredEvent::to_json) has written, also in the forms that earlier versions of the
    /// program wrote: those are brought up to date here.
    ///
    /// # Errors
    ///
    /// [`UnreadableEvent`]: no version of the program so far has written this.
    fn from_stored(event_type: &str, schema_version: u16, json: &str) -> Result<Self, UnreadableEvent>;
}

/// Stored data that are no event this program knows.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnreadableEvent {
    /// There are no events of this type here.
    #[error("of the type {event_type:?}, which this program does not know: a newer one wrote it, or another domain's")]
    UnknownType {
        /// The type.
        event_type: String,
    },
    /// The type is known, but not in this form.
    #[error(
        "of the type {event_type:?} in version {schema_version}, which this program does not know: a newer one wrote it"
    )]
    UnknownVersion {
        /// The type.
        event_type: String,
        /// The form's version.
        schema_version: u16,
    },
    /// The data are not what an event of this type says.
    #[error("broken: {reason}")]
    Broken {
        /// What is wrong with them.
        reason: String,
    },
}
