//! A conversation as a tree to print: what each command led to.

use std::fmt::Write as _;

use super::{HasApplication, ShownEvent, integer};
use crate::engine::application::{Application, CommandNode, ConversationTree, EventNode};
use crate::engine::command_handler::{Decided, Decision, Refused};
use crate::engine::domain::DomainEvent as _;
use crate::engine::event_handler::{Delivery, DeliveryOutcome};
use crate::engine::log::StreamId;
use crate::shell::term::{Term, TreeNode};

/// A tree of each command from outside.
pub(super) async fn nodes<D: HasApplication>(
    application: &Application<D::Event>,
    tree: ConversationTree<D::Event>,
) -> Vec<TreeNode> {
    let mut nodes = Vec::new();
    for command in tree.commands {
        nodes.push(of_command::<D>(application, command).await);
    }
    if tree.left_out > 0 {
        let (text, left_out) = (format!("… and {} more commands", tree.left_out), tree.left_out as u64);
        nodes.push(TreeNode { text, fields: vec![("left_out", integer(left_out))], led_to: Vec::new() });
    }
    nodes
}

type Drawing<'a> = std::pin::Pin<Box<dyn Future<Output = TreeNode> + Send + 'a>>;

/// Boxed: a tree may be deep.
fn of_command<D: HasApplication>(application: &Application<D::Event>, command: CommandNode<D::Event>) -> Drawing<'_> {
    Box::pin(async move {
        let (text, fields) = described::<D>(application, &command);
        let CommandNode { decision, events, instead, .. } = command;
        let mut led_to = Vec::new();
        for event in events {
            led_to.push(of_event::<D>(application, event, decision.is_none()).await);
        }
        for command in instead {
            led_to.push(of_command::<D>(application, command).await);
        }
        TreeNode { text, fields, led_to }
    })
}

/// A command in a line, and the same for programs.
pub(super) fn described<D: HasApplication>(
    application: &Application<D::Event>,
    command: &CommandNode<D::Event>,
) -> (String, Vec<(&'static str, Term)>) {
    let CommandNode { metadata, decision, events, follows_refusal, .. } = command;
    let (mut text, mut fields) = (String::new(), Vec::new());
    if let Some(process) = metadata.process() {
        let _ = write!(text, "{process}: ");
        fields.push(("by", Term::String(process.to_owned())));
    }
    let of = events.first().map(|first| &first.event);
    let title = match (decision, of) {
        (Some(decision), _) => decision.title.clone().into_owned(),
        (None, Some(event)) => event.data.command_title().map_or_else(|| "a command".to_owned(), str::to_owned),
        (None, None) => "a command".to_owned(),
    };
    text.push_str(&title);
    fields.push(("command", Term::String(title)));
    let target = match decision {
        Some(decision) => Some(decision.target.clone()),
        None => of.map(|event| target(&event.stream)),
    };
    if let Some(target) = target.map(Term::String) {
        let _ = write!(text, " {target}");
        fields.push(("of", target));
    }
    if let Some(quantity) = decision.as_ref().and_then(|decision| decision.quantity) {
        let quantity = D::Event::quantity(application, quantity);
        let _ = write!(text, " {quantity}");
        fields.push(("about", quantity));
    }
    match metadata.user().filter(|_| metadata.process().is_none()) {
        Some(user) if decision.is_none() => {
            let user = Term::String(user.to_owned());
            let _ = write!(text, ", asked for by {user}");
            fields.push(("user", user));
        }
        _ => {}
    }
    if *follows_refusal && decision.is_none() {
        text.push_str(", as another command was refused");
    }
    if let Some((outcome, field)) = decision.as_ref().and_then(outcome) {
        let _ = write!(text, ": {outcome}");
        fields.push(field);
    }
    (text, fields)
}

async fn of_event<D: HasApplication>(
    application: &Application<D::Event>,
    EventNode { event, answers, deliveries }: EventNode<D::Event>,
    is_stored: bool,
) -> TreeNode {
    let title = event.data.title();
    // What is only tried has no position that stays.
    let mut text = if is_stored { format!("{title} at {}", event.position) } else { title.to_owned() };
    let mut fields = vec![("event", Term::String(title.to_owned())), ("position", integer(event.position.get()))];
    if let Some(effect) = D::Event::effect(application, &event).await {
        let _ = write!(text, " ({effect})");
        fields.push(("effect", Term::String(effect)));
    }
    let mut led_to: Vec<_> = deliveries.iter().map(of_delivery).collect();
    for command in answers {
        led_to.push(of_command::<D>(application, command).await);
    }
    TreeNode { text, fields, led_to }
}

fn of_delivery(delivery: &Delivery) -> TreeNode {
    let Delivery { handler, attempts, outcome, .. } = delivery;
    let (name, reason) = match outcome {
        DeliveryOutcome::Acknowledged => ("acknowledged", None),
        DeliveryOutcome::CameTwice => ("came twice", None),
        DeliveryOutcome::Failed { reason } => ("failed", Some(reason)),
        DeliveryOutcome::Parked { reason } => ("parked", Some(reason)),
        DeliveryOutcome::Skipped => ("skipped", None),
        DeliveryOutcome::Crashed => ("crashed", None),
    };
    let mut fields = vec![
        ("handler", Term::String((*handler).to_owned())),
        ("outcome", Term::String(name.to_owned())),
        ("attempts", integer(u64::from(*attempts))),
    ];
    fields.extend(reason.map(|reason| ("reason", Term::String(reason.clone()))));
    TreeNode { text: format!("{handler}: {}", came_to(delivery)), fields, led_to: Vec::new() }
}

/// What a delivery came to, in words.
pub(super) fn came_to(Delivery { attempts, outcome, .. }: &Delivery) -> String {
    match outcome {
        DeliveryOutcome::Acknowledged => format!("acknowledged at attempt {attempts}"),
        DeliveryOutcome::CameTwice => format!("came twice, and acknowledged at attempt {attempts}"),
        DeliveryOutcome::Failed { reason } => format!("attempt {attempts} failed: {reason}"),
        DeliveryOutcome::Parked { reason } => format!("parked after attempt {attempts}: {reason}"),
        DeliveryOutcome::Skipped => format!("skipped after attempt {attempts}"),
        DeliveryOutcome::Crashed => format!("crashed at attempt {attempts}, before the acknowledgement"),
    }
}

/// What came of a command that led to no event.
pub(super) fn outcome(decision: &Decision) -> Option<(String, (&'static str, Term))> {
    match &decision.outcome {
        Decided::Events(events) if events.is_empty() => {
            Some(("nothing changes".to_owned(), ("changes", Term::String("nothing".to_owned()))))
        }
        Decided::Events(_) => None,
        Decided::Refused(Refused { name: Some(name), .. }) => {
            Some((format!("{{:error, :{name}}}"), ("refused", Term::String((*name).to_owned()))))
        }
        Decided::Refused(Refused { name: None, message }) => {
            Some((format!("refused, {message}"), ("refused", Term::String(message.clone()))))
        }
        Decided::Failed(message) => Some((format!("failed, {message}"), ("failed", Term::String(message.clone())))),
    }
}

/// The name of a stream without its category.
pub(super) fn target(stream: &StreamId) -> String {
    let name = stream.as_str();
    name.split_once('-').map_or(name, |(_, target)| target).to_owned()
}
