//! The events of a report, and the commands that led to them.

use serde::Serialize;
use serde_json::value::RawValue;

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
    /// What came of it at handlers, each by its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) deliveries: Vec<(&'static str, String)>,
}

/// A command, as the page shows it.
#[derive(Debug, Serialize)]
pub(super) struct CommandShown {
    /// What it is called, whom it is about, and who sent it.
    text: String,
    command_id: String,
    correlation_id: String,
    causation_id: String,
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
            deliveries: Vec::new(),
        }
    }
}

/// The commands behind some events, each after what it follows from.
pub(super) fn commands<D: HasApplication>(
    application: &Application<D::Event>,
    events: &[RecordedEvent<D::Event>],
) -> Vec<CommandShown> {
    let mut commands = Vec::new();
    for command in &ConversationTree::of_events(events).commands {
        let has_other_cause = command.metadata.causation_id() != command.metadata.command_id;
        add::<D>(application, command, |shown| shown.has_other_cause = has_other_cause, &mut commands);
    }
    commands
}

fn add<D: HasApplication>(
    application: &Application<D::Event>,
    command: &CommandNode<D::Event>,
    say_why: impl FnOnce(&mut CommandShown),
    commands: &mut Vec<CommandShown>,
) {
    let metadata = &command.metadata;
    let mut shown = CommandShown {
        text: escape::line(&described::<D>(application, command).0).into_owned(),
        command_id: metadata.command_id.to_string(),
        correlation_id: metadata.correlation_id().to_string(),
        causation_id: metadata.causation_id().to_string(),
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
            add::<D>(application, answer, answers, commands);
        }
    }
    for instead in &command.instead {
        let instead_of: &dyn Fn(&mut CommandShown) = &|shown| shown.instead_of = Some(index);
        add::<D>(application, instead, instead_of, commands);
    }
}
