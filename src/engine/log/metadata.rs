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
        self.with("fingerprint", fingerprint.to_string())
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
mod tests {
    use super::*;

    fn stored(text: &str) -> Metadata {
        Metadata::from_outside(Uuid::nil()).with_stored(Some(text))
    }

    #[test]
    fn details_survive_storing() {
        let fingerprint = Fingerprint::of(&[&"turn", &100]);
        let said = Metadata::from_outside(Uuid::nil()).with_process("CEO bonus").with_fingerprint(fingerprint);
        let read = stored(said.stored().unwrap());
        assert_eq!((read.fingerprint(), read.process()), (Some(fingerprint), Some("CEO bonus")));
        assert_eq!(read, said);
        assert_eq!(Metadata::from_outside(Uuid::nil()).stored(), None, "ids alone take no more room");
    }

    #[test]
    fn process_and_fingerprint_tell_commands_apart() {
        let ids = || Metadata::from_outside(Uuid::nil());
        let content = |content: u32| ids().with_fingerprint(Fingerprint::of(&[&content]));
        let all = [ids().with_process("tax"), ids().with_process("toll"), content(1), content(2)];
        for (index, one) in all.iter().enumerate() {
            for (other_index, other) in all.iter().enumerate() {
                assert_eq!(one.may_be_same_command_as(other), index == other_index, "{one:?} {other:?}");
            }
            assert!(one.may_be_same_command_as(&ids()) && ids().may_be_same_command_as(one), "{one:?}");
        }
    }

    #[test]
    fn an_event_names_one_snapshot() {
        let plain = Metadata::from_outside(Uuid::nil()).with_process("tax");
        assert!(!plain.names_snapshot("one"));
        let named = plain.with_snapshot("one");
        assert!(named.names_snapshot("one") && !named.names_snapshot("another"));
        assert_eq!((named.process(), stored(named.stored().unwrap())), (Some("tax"), named.clone()));
        let text = named.stored().unwrap().replace(',', ", ");
        assert_eq!(stored(&text).with_snapshot("one").stored(), Some(&*text), "what it says already is left as it is");
    }

    #[test]
    fn fields_of_later_versions_are_preserved() {
        let text = r#"{"user": {"name": "Josh"}, "process": "tax", "fingerprint": 7}"#;
        let read = stored(text);
        assert_eq!((read.stored(), read.process(), read.fingerprint()), (Some(text), None, None));
        assert_eq!(stored(r#"{"user": {"name": "Josh"}, "process": "tax"}"#).process(), Some("tax"));
        let text = r#"{"device":"phone","process":"tax"}"#;
        assert_eq!(stored(text).process(), Some("tax"));
        let more = stored(text).with_process("toll");
        assert_eq!(more.stored(), Some(r#"{"device":"phone","process":"toll"}"#));
    }

    #[test]
    fn a_user_is_stored_with_what_else_is_known() {
        let fingerprint = Fingerprint::of(&[&"turn", &100]);
        let said = Metadata::from_outside(Uuid::nil()).with_user("Josh \"J\" 🐺");
        assert_eq!(said.stored(), Some(r#"{"user":"Josh \"J\" 🐺"}"#));
        let said = said.with_fingerprint(fingerprint).with_snapshot("one");
        let read = stored(said.stored().unwrap());
        assert_eq!((read.user(), read.fingerprint()), (Some("Josh \"J\" 🐺"), Some(fingerprint)));
        assert_eq!(read, said);
        assert_eq!(stored(r#"{"user":{"name":"Josh"}}"#).user(), None, "a later version's form of it is not known");
    }

    #[test]
    fn what_has_no_effects_says_so_for_good() {
        let plain = Metadata::from_outside(Uuid::nil());
        assert!(plain.has_effects() && plain.clone().with_user("Josh").has_effects());
        let silent = plain.without_effects();
        assert_eq!(silent.stored(), Some(r#"{"effects":"none"}"#));
        let more = silent.with_user("Josh").with_fingerprint(Fingerprint::of(&[&1]));
        assert!(!stored(more.stored().unwrap()).has_effects());
        assert!(stored(r#"{"effects":{"mail":true}}"#).has_effects(), "a later version's form of it is not known");
    }

    #[test]
    fn whoever_sends_a_command_it_is_the_same() {
        let content = |content: u32| Metadata::from_outside(Uuid::nil()).with_fingerprint(Fingerprint::of(&[&content]));
        let by = |user: &str, number: u32| content(number).with_user(user);
        assert!(by("Josh", 1).may_be_same_command_as(&by("Zoë", 1)));
        assert!(by("Josh", 1).may_be_same_command_as(&content(1)));
        assert!(!by("Josh", 1).may_be_same_command_as(&by("Josh", 2)));
        let without_fingerprint = Metadata::from_outside(Uuid::nil()).with_user("Zoë");
        assert!(by("Josh", 1).may_be_same_command_as(&without_fingerprint), "a user alone tells no command apart");
    }

    #[test]
    fn a_sender_is_named_once_and_shared() {
        let sender = Metadata::from_outside(Uuid::nil()).with_user("Josh");
        let ids = || Metadata::from_outside(Uuid::from_u128(7));
        let sent = ids().or_sent_by(&sender);
        assert_eq!((sent.command_id, sent.user()), (Uuid::from_u128(7), Some("Josh")));
        let (Some(one), Some(other)) = (&sent.details, &sender.details) else { panic!("{sent:?} {sender:?}") };
        assert!(Arc::ptr_eq(one, other), "no command makes its details anew");
        assert_eq!(ids().with_user("Zoë").or_sent_by(&sender).user(), Some("Zoë"));
        let more = ids().with_process("tax").or_sent_by(&sender);
        assert_eq!((more.user(), more.process()), (Some("Josh"), Some("tax")));
        assert_eq!(ids().or_sent_by(&ids()), ids());
    }
}
