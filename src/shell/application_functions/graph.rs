//! `graph`: a conversation as a tree, or as a diagram.

use std::fmt::Write as _;

use super::cascade::{came_to, nodes, outcome, target};
use super::{HasApplication, ShownEvent, function};
use crate::engine::application::{Application, CommandNode, ConversationTree};
use crate::engine::domain::DomainEvent as _;
use crate::engine::log::{Position, RecordedEvent};
use crate::shell::common_errors::NO_EVENT;
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::{Call, Explanation, NotDone, Outcome, Parameter, ParameterKind, Row, string_in};
use crate::shell::term::{Term, Tree};

const WHAT: Parameter = Parameter::needed("what", ParameterKind::PositionOrName);
const AS: Parameter = Parameter::by_name("as", ParameterKind::Atom(&["tree", MERMAID]));
const MERMAID: &str = "mermaid";

/// The last conversation.
const LAST: &str = "last";

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("graph", &[WHAT, AS], "shows what led to what", "{module}.graph :last")
            .group("History")
            .meant_by(&["tree", "trace_of", "conversation"])
            .details(
                "The conversation of the event at a position, as in {module}.graph 4, the last one that changed {of}, as in\n\
                {module}.graph \"{stream}\", or the last of all, :last. A tree: the command, its events, the commands with\n\
                which process managers answered them, and so on. Below an event, what came of it at an event handler, and at\n\
                which attempt; also at a process manager that did not succeed at once. Only of this session, and of what is\n\
                parked. Also of this session only: what process managers sent and was refused, and why. The log holds no\n\
                refusals; try shows them all.\n\
                as: :mermaid replies a sequence diagram, which GitHub and others draw.\n\
                An integer is a position, and a string a name, also of digits.",
            )
            .errors(&[&[NO_EVENT], D::STREAM_ERRORS]),
        |domain, call| Box::pin(graph(domain, call)),
    )
}

async fn graph<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    application.name_refusals(D::name_of_refusal);
    let event = event::<D>(&application, call.text(WHAT)).await?;
    let tree = application.conversation_tree(&event).await.map_err(|error| D::WORDS.unavailable(&error))?;
    Ok(match call.optional(AS) {
        Some(MERMAID) => Term::Text(diagram::<D>(&tree)).into(),
        _ => Term::Tree(Tree { roots: nodes::<D>(&application, tree).await, tried: None }).into(),
    })
}

/// The event that is asked about.
async fn event<D: HasApplication>(
    application: &Application<D::Event>,
    what: &str,
) -> Result<RecordedEvent<D::Event>, NotDone> {
    let unavailable = |error| D::WORDS.unavailable(&error);
    let is_position = what.bytes().all(|byte| byte.is_ascii_digit());
    let (events, missing) = match string_in(what) {
        None if is_position => {
            let position = Position::new(what.parse().map_err(|_| nowhere::<D>(NO_EVENT, Term::Error))?);
            let mut events = application.events(position, 1).await.map_err(unavailable)?;
            events.retain(|event| event.position == position);
            (events, nowhere::<D>(NO_EVENT, Term::Error))
        }
        None if what == LAST => {
            let events = application.latest_events(None, 1).await.map_err(unavailable)?;
            (events, nowhere::<D>(NO_EVENT, Term::Error))
        }
        name => {
            let stream = D::stream(name.unwrap_or(what))?;
            let events = application.latest_events(Some(&stream), 1).await.map_err(unavailable)?;
            (events, nowhere::<D>(D::WORDS.no_stream, Term::Missing))
        }
    };
    events.into_iter().next_back().ok_or(missing)
}

/// There is no event where the call looks for one, which is told together with what it was asked for.
fn nowhere<D: HasApplication>(reason: ErrorReason, term: fn(ErrorReason) -> Term) -> NotDone {
    let clause = reason.explanation_for(D::WORDS.module).into_owned();
    NotDone::from(term(reason)).explained(Some(Explanation { about: &[WHAT.name], clause }))
}

/// The conversation as a sequence diagram of [Mermaid](https://mermaid.js.org): who sent which command to whom, and what
/// happened there.
fn diagram<D: HasApplication>(tree: &ConversationTree<D::Event>) -> String {
    let mut lines = vec!["sequenceDiagram".to_owned()];
    let mut participants = Vec::new();
    for command in &tree.commands {
        steps::<D>(command, OUTSIDE, &mut participants, &mut lines);
    }
    let declared =
        participants.iter().enumerate().map(|(index, name)| format!("  participant p{index} as {}", label(name)));
    let declared: Vec<_> = declared.collect();
    lines.splice(1..1, declared);
    if tree.left_out > 0 {
        lines.push(format!("  Note over p0: and {} more commands", tree.left_out));
    }
    lines.join("\n")
}

/// Who sends what no process manager sends.
const OUTSIDE: &str = "you";

fn steps<D: HasApplication>(
    command: &CommandNode<D::Event>,
    sender: &str,
    participants: &mut Vec<String>,
    lines: &mut Vec<String>,
) {
    let (of, title, outcome) = match (&command.decision, command.events.first()) {
        (Some(decision), _) => (decision.target.clone(), decision.title.as_ref(), outcome(decision)),
        (None, Some(first)) => {
            (target(&first.event.stream), first.event.data.command_title().unwrap_or("a command"), None)
        }
        (None, None) => return,
    };
    let from = participant(command.metadata.process().unwrap_or(sender), participants);
    let to = participant(&of, participants);
    lines.push(format!("  p{from}->>p{to}: {}", label(title)));
    if let Some((outcome, _)) = outcome {
        lines.push(format!("  p{to}--xp{from}: {}", label(&outcome)));
    }
    for node in &command.events {
        let (title, position) = (label(node.event.data.title()), node.event.position);
        lines.push(format!("  Note over p{to}: {title} ({position})"));
        for delivery in &node.deliveries {
            let handler = participant(delivery.handler, participants);
            lines.push(format!("  p{to}-->>p{handler}: {title}"));
            lines.push(format!("  Note over p{handler}: {}", label(&came_to(delivery))));
        }
        let mut delivered: Vec<_> = node.deliveries.iter().map(|delivery| delivery.handler).collect();
        for answer in &node.answers {
            // The event is drawn once on its way to a handler, however many commands answer it.
            if let Some(process) = answer.metadata.process().filter(|process| !delivered.contains(process)) {
                delivered.push(process);
                let process = participant(process, participants);
                lines.push(format!("  p{to}-->>p{process}: {title}"));
            }
            steps::<D>(answer, OUTSIDE, participants, lines);
        }
    }
    for command in &command.instead {
        steps::<D>(command, OUTSIDE, participants, lines);
    }
}

fn participant(name: &str, participants: &mut Vec<String>) -> usize {
    participants.iter().position(|known| known == name).unwrap_or_else(|| {
        participants.push(name.to_owned());
        participants.len() - 1
    })
}

/// A text of a diagram: what has a meaning there is written by its code, and so is what a browser would take for a tag.
fn label(text: &str) -> String {
    let mut label = String::new();
    for character in text.chars() {
        match character {
            ';' | '#' | ':' | '<' | '>' | '&' | '"' | '%' | '{' | '}' => {
                let _ = write!(label, "#{};", u32::from(character));
            }
            character if character.is_control() => label.push(' '),
            character => label.push(character),
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_more_than_itself_in_a_diagram() {
        assert_eq!(label("Wolfman"), "Wolfman");
        assert_eq!(label("<script>;x\ny: #1"), "#60;script#62;#59;x y#58; #35;1");
    }
}
