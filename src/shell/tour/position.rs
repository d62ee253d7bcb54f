//! The event that a lesson is about, and its position in whatever log the lesson is taken in.

use std::borrow::Cow;

use serde::Deserialize;

/// Stands for the position of an event.
pub(super) const POSITION: &str = "{position}";

/// The last event of a title or a type, in the log or in a stream.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, expecting = "the line position.event")]
pub(super) struct NamedEvent {
    pub(super) event: String,
    pub(super) stream: Option<String>,
}

/// A text of a lesson with the position that it is about. Where that is not known, it stays open.
pub(super) fn at_position(text: &str, position: Option<u64>) -> Cow<'_, str> {
    match position {
        Some(position) if text.contains(POSITION) => text.replace(POSITION, &position.to_string()).into(),
        _ => text.into(),
    }
}
