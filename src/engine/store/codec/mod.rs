//! The codec: events as text, for stores outside the process.
//!
//! An event that derives `Serialize` and `Deserialize` can be stored without further code. The store writes its type,
//! its schema version and its data as JSON. The [serde name](serde_name()) of an enum's variant (or of a struct) must be the
//! event's [type](DomainEvent::event_type), as it is or in `snake_case`; the data are the variant's fields, without the name.
//! [`DomainEvent::upcast`] converts older data as they are read; stored data never change.
//!
//! ```
//! use cqrs_bank::engine::domain::{DomainEvent, Upcast};
//! use cqrs_bank::engine::store::codec::{StoredEvent as _, serde_name};
//! use serde::{Deserialize, Serialize};
//! use serde_json::json;
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(rename_all = "snake_case")]
//! enum LotEvent {
//!     CarEntered { plate: String, entrance: String },
//!     CarLeft { plate: String },
//! }
//!
//! impl DomainEvent for LotEvent {
//!     fn event_type(&self) -> &'static str {
//!         serde_name(self)
//!     }
//!
//!     fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
//!         match (event_type, schema_version) {
//!             // Version 1 knew only one entrance.
//!             ("car_entered", 1) => Some(|data| json!({"plate": data["plate"], "entrance": "main"})),
//!             _ => None,
//!         }
//!     }
//! }
//!
//! let entered = |entrance: &str| LotEvent::CarEntered { plate: "B-1".into(), entrance: entrance.into() };
//! assert_eq!(entered("west").to_json()?, r#"{"plate":"B-1","entrance":"west"}"#);
//! assert_eq!(entered("west").schema_version(), 2);
//! assert_eq!(LotEvent::from_stored("car_entered", 1, r#"{"plate":"B-1"}"#)?, entered("main"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod domain_events;
mod hidden;
mod names;
mod read;
mod serde_name;
mod upcast;
mod write;

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

pub use self::domain_events::domain_events;
pub(crate) use self::hidden::data_to_show;
#[cfg(feature = "shell")]
pub(crate) use self::hidden::fields_to_show;
use self::names::{Names, in_snake_case, is_of_type};
pub use self::serde_name::serde_name;
use self::upcast::upcast;
pub use self::write::DataOf;
use crate::engine::domain::{DomainEvent, current_version};
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::StoreError;

#[doc(hidden)]
pub use serde;

/// An event that can be encoded and decoded: every [`DomainEvent`] that derives `Serialize` and `Deserialize`, and
/// those that [`domain_events!`](crate::domain_events) defines.
pub trait StoredEvent: DomainEvent {
    /// The serde names of all event types; `None` if serde does not reveal them, as for an untagged enum.
    fn event_types() -> Option<Vec<&'static str>>;

    /// Whether this type decodes events of `event_type`.
    fn knows(event_type: &str) -> bool;

    /// The schema version of newly written data: the one the event [names](DomainEvent::written_version), or else one more
    /// than there are steps in [`upcast`](DomainEvent::upcast).
    fn schema_version(&self) -> u16 {
        self.written_version().unwrap_or_else(|| current_version::<Self>(self.event_type()))
    }

    /// The event's data as JSON, in its [`schema_version`](StoredEvent::schema_version).
    ///
    /// # Errors
    ///
    /// Returns [`UnwritableEvent`] if the event's own code is at fault.
    fn to_json(&self) -> Result<String, UnwritableEvent>;

    /// Decodes the output of [`to_json`](StoredEvent::to_json), including that of earlier versions of the program.
    ///
    /// # Errors
    ///
    /// Returns [`UnreadableEvent`] if no version up to this one can have written the data.
    fn from_stored(event_type: &str, schema_version: u16, json: &str) -> Result<Self, UnreadableEvent>;
}

impl<E: DomainEvent + Serialize + DeserializeOwned> StoredEvent for E {
    fn event_types() -> Option<Vec<&'static str>> {
        Names::of::<E>().map(|names| names.as_slice().to_vec())
    }

    fn knows(event_type: &str) -> bool {
        Names::of::<E>().is_none_or(|names| names.as_slice().iter().any(|name| is_of_type(name, event_type)))
    }

    fn to_json(&self) -> Result<String, UnwritableEvent> {
        serde_json::to_string(&DataOf(self))
            .map_err(|error| UnwritableEvent { event_type: self.event_type(), reason: error.to_string() })
    }

    fn from_stored(event_type: &str, schema_version: u16, json: &str) -> Result<Self, UnreadableEvent> {
        let current = current_version::<E>(event_type);
        if (1..=current).contains(&schema_version)
            && (schema_version..current).all(|version| E::only_adds(event_type, version))
        {
            let event: E = read::from_text(event_type, json)?;
            return match event.written_version() {
                Some(written) if written != schema_version => Err(UnreadableEvent::broken(
                    event_type,
                    &format_args!("they are not of version {schema_version} but of {written}"),
                )),
                Some(_) | None => Ok(event),
            };
        }
        read::from_value(event_type, upcast::<E>(event_type, schema_version, json)?)
    }
}

/// Stored data that this program cannot decode.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnreadableEvent {
    /// No event has this type.
    #[error(
        "of the type {event_type:?}, which this program does not know: a newer version wrote it, or another domain's program"
    )]
    UnknownType {
        /// The type.
        event_type: String,
    },
    /// The type is known, but not this schema version.
    #[error(
        "of the type {event_type:?} in version {schema_version}, which this program does not know: a newer version wrote it"
    )]
    UnknownVersion {
        /// The type.
        event_type: String,
        /// The schema version.
        schema_version: u16,
    },
    /// The data do not fit the event's type.
    #[error("broken: {reason}")]
    Broken {
        /// What is wrong with the data.
        reason: String,
    },
}

impl UnreadableEvent {
    fn broken(event_type: &str, reason: &dyn std::fmt::Display) -> Self {
        Self::Broken { reason: format!("the data of the event {event_type:?}: {reason}") }
    }
}

/// An event that cannot be encoded so that it can be decoded again. Nothing is stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the event {event_type:?} cannot be written: {reason}")]
pub struct UnwritableEvent {
    /// The event type.
    pub event_type: &'static str,
    /// What is wrong with the event.
    pub reason: String,
}

impl From<UnwritableEvent> for StoreError {
    fn from(error: UnwritableEvent) -> Self {
        Self::Failed(StoreFailure::caused_by(error.to_string(), StoreFailureKind::Other, error))
    }
}

/// Event types that do not identify an event: one event would be decoded as another.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AmbiguousTypes {
    /// Two kinds of event have this type.
    #[error("two kinds of event are stored under the type {event_type:?}")]
    Twice {
        /// The type.
        event_type: String,
    },
    /// Serde does not reveal the types: an enum is not externally tagged, or a struct has flattened fields.
    #[error("serde does not reveal the types of the events")]
    Unnamed,
}

/// Finds ambiguous event types, for instance two aggregates of a domain with the same one. Called once, when a domain
/// is opened.
///
/// # Errors
///
/// Returns the first [`AmbiguousTypes`].
pub fn check_types<E: StoredEvent>() -> Result<(), AmbiguousTypes> {
    let mut seen = BTreeSet::new();
    for name in E::event_types().ok_or(AmbiguousTypes::Unnamed)? {
        let event_type = in_snake_case(name);
        if !seen.insert(event_type.clone()) {
            return Err(AmbiguousTypes::Twice { event_type });
        }
    }
    Ok(())
}
