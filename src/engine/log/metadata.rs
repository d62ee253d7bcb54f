//! Event metadata: the command behind an event, its conversation, and further details of the command.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::fingerprint::Fingerprint;
use super::hex::hex;

/// The origin of an event: the command behind it and the conversation it belongs to.
///
/// Most commands come from outside and carry only their id, so most metadata are one id. The rest is shared by all events
/// of a command in memory, and stored with each.
#[derive(Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The command that produced the event.
    pub command_id: Uuid,
    /// `None` for the command itself: it starts the conversation, and is its own cause.
    origin: Option<Arc<Origin>>,
    details: Option<Arc<Details>>,
}

#[derive(PartialEq, Eq)]
struct Origin {
    correlation_id: Uuid,
    causation_id: Uuid,
}

impl Metadata {
    /// Metadata with these ids and no details.
    pub fn new(command_id: Uuid, correlation_id: Uuid, causation_id: Uuid) -> Self {
        let is_itself = correlation_id == command_id && causation_id == command_id;
        let origin = (!is_itself).then(|| Arc::new(Origin { correlation_id, causation_id }));
        Self { command_id, origin, details: None }
    }

    /// The metadata of an external command: it starts a conversation and is its own cause.
    pub fn from_outside(command_id: Uuid) -> Self {
        Self { command_id, origin: None, details: None }
    }

    /// The conversation: shared by everything that one external request caused.
    pub fn correlation_id(&self) -> Uuid {
        self.origin.as_ref().map_or(self.command_id, |origin| origin.correlation_id)
    }

    /// The command or event that caused the command.
    pub fn causation_id(&self) -> Uuid {
        self.origin.as_ref().map_or(self.command_id, |origin| origin.causation_id)
    }

    /// Adds the fingerprint of the command's content.
    #[must_use]
    pub fn with_fingerprint(self, fingerprint: Fingerprint) -> Self {
        match self.details.as_ref().and_then(|details| details.with_other_fingerprint(fingerprint)) {
            Some(details) => Self { details: Some(Arc::new(details)), ..self },
            None => self.with("fingerprint", fingerprint.to_string()),
        }
    }

    /// Adds the name of the process manager that sent the command.
    #[must_use]
    pub fn with_process(self, name: &str) -> Self {
        self.with("process", name.to_owned())
    }

    /// Adds the name of the user who sent the command.
    #[must_use]
    pub fn with_user(self, name: &str) -> Self {
        self.with("user", name.to_owned())
    }

    /// Says that handlers are not to act on the events: they thank nobody and pay no bonus. For what has happened elsewhere
    /// before, and is only recorded now.
    #[must_use]
    pub fn without_effects(self) -> Self {
        self.with("effects", NO_EFFECTS.to_owned())
    }

    /// Adds the user of `sender`, unless these metadata name one.
    #[must_use]
    pub(crate) fn or_sent_by(self, sender: &Self) -> Self {
        match sender.user() {
            // Shared, so that no command has to make its details.
            Some(_) if self.details.is_none() => Self { details: sender.details.clone(), ..self },
            Some(user) if self.user().is_none() => self.with_user(user),
            Some(_) | None => self,
        }
    }

    /// Adds the digest of the snapshot that is stored with the event. This binds the snapshot to the hash chain.
    #[must_use]
    pub(crate) fn with_snapshot(self, state: &str) -> Self {
        if self.names_snapshot(state) { self } else { self.with("snapshot", digest(state)) }
    }

    /// Whether the event was stored with this snapshot.
    pub(crate) fn names_snapshot(&self, state: &str) -> bool {
        self.snapshot().is_some_and(|known| known == digest(state))
    }

    /// The digest of the snapshot that was stored with the event.
    pub(crate) fn snapshot(&self) -> Option<&str> {
        self.details.as_ref()?.snapshot.as_deref()
    }

    /// Replaces the ids and keeps the details.
    #[must_use]
    pub(crate) fn with_ids(&self, command_id: Uuid, correlation_id: Uuid, causation_id: Uuid) -> Self {
        Self { details: self.details.clone(), ..Self::new(command_id, correlation_id, causation_id) }
    }

    /// The fingerprint of the command's content. It is stored only if the sender chose the command's id.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.details.as_ref()?.fingerprint
    }

    /// The process manager that sent the command, if one did. Events stored by versions without process names have
    /// none.
    pub fn process(&self) -> Option<&str> {
        self.details.as_ref()?.process.as_deref()
    }

    /// The user who sent the command, as the sending program was told. Commands of process managers name none: their
    /// conversation tells whose command they answer. The name may be any text.
    pub fn user(&self) -> Option<&str> {
        self.details.as_ref()?.user.as_deref()
    }

    /// Whether handlers are to act on the events. Projections show them in any case, and a process that they are part of goes
    /// on.
    pub fn has_effects(&self) -> bool {
        self.details.as_ref().is_none_or(|details| details.has_effects)
    }

    /// Whether two commands with the same id can be the same command. Metadata without process and fingerprint matches
    /// any. Who sends a command does not matter: whoever repeats it gets its first outcome.
    pub(crate) fn may_be_same_command_as(&self, other: &Self) -> bool {
        let says_nothing = |known: &Self| known.process().is_none() && known.fingerprint().is_none();
        let is_same = self.process() == other.process() && self.fingerprint() == other.fingerprint();
        is_same || says_nothing(self) || says_nothing(other)
    }

    /// Whether each detail that this version knows is text, as every version has written it.
    pub(crate) fn is_text(&self) -> bool {
        self.details.as_ref().is_none_or(|details| details.is_text)
    }

    fn with(self, field: &str, value: String) -> Self {
        let known = self.details.as_ref().and_then(|details| serde_json::from_str(&details.text).ok());
        let mut fields: Map<String, Value> = known.unwrap_or_default();
        fields.insert(field.to_owned(), Value::String(value));
        self.with_stored(Some(&Value::Object(fields).to_string()))
    }

    /// Keeps the ids and reads the details from their stored form.
    pub(crate) fn with_stored(self, text: Option<&str>) -> Self {
        Self { details: text.map(|text| Arc::new(Details::from_stored(text))), ..self }
    }

    /// The details in their stored form.
    pub(crate) fn stored(&self) -> Option<&str> {
        self.details.as_ref().map(|details| &*details.text)
    }
}

/// Details of a command: a JSON object, and the fields that this version knows. Hashes cover the text, and a later
/// version may have written more fields, so the text is kept as read.
#[derive(PartialEq, Eq)]
struct Details {
    text: Box<str>,
    fingerprint: Option<Fingerprint>,
    process: Option<Box<str>>,
    snapshot: Option<Box<str>>,
    user: Option<Box<str>>,
    has_effects: bool,
    is_text: bool,
}

impl Details {
    /// The same with another fingerprint in the place of a known one; `None` if there is none. Reading and writing all
    /// details would take much longer.
    fn with_other_fingerprint(&self, fingerprint: Fingerprint) -> Option<Self> {
        let field = |fingerprint: Fingerprint| format!("\"fingerprint\":\"{fingerprint}\"");
        let (before, after) = self.text.split_once(&field(self.fingerprint?))?;
        Some(Self {
            text: [before, &field(fingerprint), after].concat().into(),
            fingerprint: Some(fingerprint),
            process: self.process.clone(),
            snapshot: self.snapshot.clone(),
            user: self.user.clone(),
            has_effects: self.has_effects,
            is_text: self.is_text,
        })
    }
}

/// In the field `effects`.
const NO_EFFECTS: &str = "none";

/// SHA-256 of a snapshot, in hexadecimal.
fn digest(state: &str) -> String {
    hex(&Sha256::digest(state))
}

#[derive(Default, Deserialize)]
struct KnownFields<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    fingerprint: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    process: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    snapshot: Option<Cow<'a, str>>,
    /// Raw, so that a later version's form of it, such as an object, costs no other field.
    #[serde(borrow, default, deserialize_with = "present")]
    user: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    effects: Option<&'a RawValue>,
}

/// A field that is there, for which `null` is no value.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Details {
    fn from_stored(text: &str) -> Self {
        let read: Result<KnownFields<'_>, _> = serde_json::from_str(text);
        let is_readable = read.is_ok();
        let KnownFields { fingerprint, process, snapshot, user, effects } = read.unwrap_or_default();
        let texts = user.iter().chain(&effects);
        let is_text = is_readable && texts.into_iter().all(|value| value.get().starts_with('"'));
        let fingerprint = fingerprint.and_then(|fingerprint| fingerprint.parse().ok());
        let owned = |field: Option<Cow<'_, str>>| field.map(|field| field.as_ref().into());
        let user = user.and_then(|user| serde_json::from_str(user.get()).ok());
        let effects: Option<Cow<'_, str>> = effects.and_then(|effects| serde_json::from_str(effects.get()).ok());
        let has_effects = effects.as_deref() != Some(NO_EFFECTS);
        Self {
            text: text.into(),
            fingerprint,
            process: owned(process),
            snapshot: owned(snapshot),
            user,
            has_effects,
            is_text,
        }
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("command_id", &self.command_id)
            .field("correlation_id", &self.correlation_id())
            .field("causation_id", &self.causation_id())
            .field("details", &self.details)
            .finish()
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
