//! Events as text, for stores that keep them outside the process.

use thiserror::Error;

use crate::engine::event::DomainEvent;

/// An event that can be written down and read back.
pub trait StoredEvent: DomainEvent {
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
#[error("no event that this version can read: {reason}")]
pub struct UnreadableEvent {
    /// What is wrong with them.
    pub reason: String,
}
