//! The events of a report, and the commands that led to them.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::page::script_json;
use crate::engine::application::{Application, CommandNode, ConversationTree};
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::shell::application_functions::HasApplication;
use crate::shell::application_functions::cascade::{described, target};
use crate::shell::{escape, event_record};

/// The most bytes of all events: fewer events are shown where they are large.
const MOST_BYTES: usize = 8 << 20;

/// An event, as the page shows it.
#[derive(Debug, Serialize)]
pub(super) struct EventShown {
    pub(super) position: u64,
    title: &'static str,
    of: String,
    stream: String,
    version: u64,
    time: String,
    r#type: &'static str,
    /// How much it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quantity: Option<String>,
    /// The name and the JSON of each field.
    data: Vec<(String, String)>,
    /// The id of its command; `None` if that is the command of the event before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    command_id: Option<String>,
    /// The conversation; `None` if it is named after the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<IdShown>,
    /// What caused the command; `None` if that came from outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<IdShown>,
    /// What came of it at handlers, each by its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) deliveries: Vec<(&'static str, String)>,
}

/// The id of a command.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum IdShown {
    /// That of the command behind the event at a position.
    OfEvent(u64),
    /// It is none of those that the page shows.
    Id(String),
}

/// What commands are called, whom they are about, and who sent them. Most say the same of another account.
#[derive(Debug, Default, Serialize)]
pub(super) struct CommandTexts {
    /// What stands before the name of the first event's aggregate, and behind it. Alone, the whole text.
    texts: Vec<Vec<String>>,
    #[serde(skip)]
    places: HashMap<Vec<String>, usize>,
}

/// A command, as the page shows it. What its events say is said there.
#[derive(Debug, Serialize)]
pub(super) struct CommandShown {
    /// The place of its text.
    text: usize,
    /// The positions of its events.
    events: Vec<u64>,
    /// The position of the event that a process manager answered with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<u64>,
    /// Which command it was sent instead of, by its index.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead_of: Option<usize>,
    /// Whether what caused it is not among the events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_other_cause: bool,
}

/// The last events for which there is room, of those that were read.
pub(super) fn events<E: StoredEvent>(read: &[RecordedEvent<E>]) -> Result<Vec<EventShown>, serde_json::Error> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    for event in read.iter().rev() {
        let shown = EventShown::of(event);
        bytes += script_json(&shown)?.len();
        if bytes > MOST_BYTES && !events.is_empty() {
            break;
        }
        events.push(shown);
    }
    events.reverse();
    Ok(events)
}

impl EventShown {
    fn of<E: StoredEvent>(event: &RecordedEvent<E>) -> Self {
        let field = |(name, value): &(String, Box<RawValue>)| {
            (escape::line(name).into_owned(), escape::json(value.get()).into_owned())
        };
        Self {
            position: event.position.get(),
            title: event.data.title(),
            of: escape::line(&target(&event.stream)).into_owned(),
            stream: escape::line(event.stream.as_str()).into_owned(),
            version: event.version.get(),
            time: event.time.to_string(),
            r#type: event.data.event_type(),
            quantity: None,
            data: event_record::fields(&event.data).unwrap_or_default().iter().map(field).collect(),
            command_id: Some(event.metadata.command_id.to_string()),
            correlation_id: None,
            causation_id: None,
            deliveries: Vec::new(),
        }
    }
}

/// Adds the ids of commands, none of them twice.
pub(super) fn add_ids<E>(events: &mut [EventShown], read: &[RecordedEvent<E>]) {
    let mut first = HashMap::new();
    let mut before = None;
    for (shown, RecordedEvent { metadata, position, .. }) in events.iter_mut().zip(read) {
        let id = metadata.command_id;
        first.entry(id).or_insert(position.get());
        let other = |named: Uuid| {
            let known = first.get(&named).map(|position| IdShown::OfEvent(*position));
            (named != id).then(|| known.unwrap_or_else(|| IdShown::Id(named.to_string())))
        };
        shown.correlation_id = other(metadata.correlation_id());
        shown.causation_id = other(metadata.causation_id());
        if before.replace(id) == Some(id) {
            shown.command_id = None;
        }
    }
}

impl CommandTexts {
    /// The place of a text about an aggregate.
    fn place(&mut self, text: &str, of: &str) -> usize {
        let named = format!("\"{}\"", of.replace('\\', "\\\\").replace('"', "\\\""));
        let parts = match text.split_once(&named) {
            Some((before, behind)) => vec![before.to_owned(), behind.to_owned()],
            None => vec![text.to_owned()],
        };
        *self.places.entry(parts).or_insert_with_key(|parts| {
            self.texts.push(parts.clone());
            self.texts.len() - 1
        })
    }
}

/// The commands behind some events, each after what it follows from.
pub(super) fn commands<D: HasApplication>(
    application: &Application<D::Event>,
    events: &[RecordedEvent<D::Event>],
) -> (CommandTexts, Vec<CommandShown>) {
    let (mut texts, mut commands) = (CommandTexts::default(), Vec::new());
    for command in &ConversationTree::of_events(events).commands {
        let has_other_cause = command.metadata.causation_id() != command.metadata.command_id;
        let say_why = |shown: &mut CommandShown| shown.has_other_cause = has_other_cause;
        add::<D>(application, command, say_why, &mut texts, &mut commands);
    }
    (texts, commands)
}

fn add<D: HasApplication>(
    application: &Application<D::Event>,
    command: &CommandNode<D::Event>,
    say_why: impl FnOnce(&mut CommandShown),
    texts: &mut CommandTexts,
    commands: &mut Vec<CommandShown>,
) {
    let text = described::<D>(application, command).0;
    let of = command.events.first().map(|node| target(&node.event.stream)).unwrap_or_default();
    let mut shown = CommandShown {
        text: texts.place(&escape::line(&text), &escape::line(&of)),
        events: command.events.iter().map(|node| node.event.position.get()).collect(),
        answers: None,
        instead_of: None,
        has_other_cause: false,
    };
    say_why(&mut shown);
    let index = commands.len();
    commands.push(shown);
    for node in &command.events {
        for answer in &node.answers {
            let position = node.event.position.get();
            // As a pointer: a type for each level of the tree would have no end.
            let answers: &dyn Fn(&mut CommandShown) = &|shown| shown.answers = Some(position);
            add::<D>(application, answer, answers, texts, commands);
        }
    }
    for instead in &command.instead {
        let instead_of: &dyn Fn(&mut CommandShown) = &|shown| shown.instead_of = Some(index);
        add::<D>(application, instead, instead_of, texts, commands);
    }
}
