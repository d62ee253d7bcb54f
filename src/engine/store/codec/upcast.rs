//! Converts the data of an event's earlier schema versions to the current one.

use std::fmt;
use std::panic::catch_unwind;

use serde_json::Value;

use super::{StoredEvent, UnreadableEvent};
use crate::engine::domain::current_version;
use crate::engine::runtime::panic_message;

/// The data of a stored event, after each step from its version to the current one.
pub(super) fn upcast<E: StoredEvent>(
    event_type: &str,
    schema_version: u16,
    json: &str,
) -> Result<Value, UnreadableEvent> {
    let current = current_version::<E>(event_type);
    if !E::knows(event_type) {
        return Err(UnreadableEvent::UnknownType { event_type: event_type.to_owned() });
    }
    if schema_version == 0 || schema_version > current {
        return Err(UnreadableEvent::UnknownVersion { event_type: event_type.to_owned(), schema_version });
    }
    let broken = |reason: &dyn fmt::Display| UnreadableEvent::broken(event_type, reason);
    let mut data = serde_json::from_str(json).map_err(|error| broken(&error))?;
    for version in schema_version..current {
        if let Some(upcast) = E::upcast(event_type, version) {
            data = catch_unwind(|| upcast(data)).map_err(|panic| {
                let message = panic_message(panic.as_ref());
                broken(&format_args!("upcasting from version {version} panicked: {message}"))
            })?;
        }
    }
    Ok(data)
}
