//! Conversations as trees: each command with its events, and each event with the commands that answered it.

use std::error::Error;

use foldhash::{HashMap, HashMapExt as _};
use uuid::Uuid;

use super::deliveries::KnownDeliveries;
use super::{Application, Unavailable};
use crate::engine::command_handler::{Decided, Decision, Decisions};
use crate::engine::event_handler::Delivery;
use crate::engine::log::{Metadata, Position, RecordedEvent};
use crate::engine::process_manager::answer_of;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, MAX_READ};

/// The most commands of a tree.
pub const MOST_COMMANDS: usize = 1_000;

/// How many events of others in a row end the search for those of a conversation.
const MOST_BETWEEN: usize = 16 * MAX_READ;

/// A command of a conversation.
#[derive(Clone, Debug)]
pub struct CommandNode<E> {
    /// Its ids, and the process manager that sent it.
    pub metadata: Metadata,
    /// How it was decided, where that was noted: all that is tried, and what process managers sent and was refused since the
    /// application was started here. The log does not say that a command was refused.
    pub decision: Option<Decision>,
    /// Its events, in order.
    pub events: Vec<EventNode<E>>,
    /// Whether a process manager sent it because another command was refused, of which no more is known.
    pub follows_refusal: bool,
    /// The command that was sent because this one was refused.
    pub instead: Vec<CommandNode<E>>,
}

/// An event of a conversation.
#[derive(Clone, Debug)]
pub struct EventNode<E> {
    /// The event.
    pub event: RecordedEvent<E>,
    /// The commands with which process managers answered it.
    pub answers: Vec<CommandNode<E>>,
    /// What came of its delivery to handlers, as far as this process knows.
    pub deliveries: Vec<Delivery>,
}

/// Conversations, and how many commands are left out.
#[derive(Clone, Debug)]
pub struct ConversationTree<E> {
    /// The commands from outside, each with what it led to.
    pub commands: Vec<CommandNode<E>>,
    /// The number of commands beyond [`MOST_COMMANDS`].
    pub left_out: usize,
}

impl<E: Clone> ConversationTree<E> {
    /// The conversations of some events, which are in the order of the log. A command whose cause is not among the events
    /// stands beside those from outside.
    pub fn of_events(events: &[RecordedEvent<E>]) -> Self {
        let mut found = Found { most: events.len(), ..Found::default() };
        events.iter().for_each(|event| found.add(event));
        found.into_tree()
    }
}

impl<E: StoredEvent> Application<E> {
    /// The conversation that an event belongs to, from the log.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn conversation_tree(&self, event: &RecordedEvent<E>) -> Result<ConversationTree<E>, Unavailable> {
        let correlation_id = event.metadata.correlation_id();
        let begun = self.store().read_command(correlation_id).await;
        let begun = self.or_unavailable(begun).await?;
        let first = begun.as_ref().and_then(|events| events.first()).map_or(event.position, |first| first.position);
        let (mut position, mut between) = (first.before(), 0);
        let mut found = Found::default();
        while between < MOST_BETWEEN {
            let page = self.store().read_all(position, MAX_READ).await;
            let page = self.or_unavailable(page).await?;
            let Some(last) = page.last() else { break };
            position = last.position;
            for event in page.iter() {
                match event.metadata.correlation_id() == correlation_id {
                    true => {
                        between = 0;
                        found.add(event);
                    }
                    false => between += 1,
                }
            }
        }
        for refused in self.inner.decisions.refused_in(correlation_id) {
            found.add_refused(refused);
        }
        let mut tree = found.into_tree();
        tell(&self.deliveries().await?, &mut tree.commands);
        Ok(tree)
    }

    /// Names refusals, for those who are shown [conversations](Application::conversation_tree), from now on and unless they
    /// are named already.
    pub fn name_refusals(
        &self,
        name_refusal: impl Fn(&(dyn Error + 'static)) -> Option<&'static str> + Send + Sync + 'static,
    ) {
        self.inner.decisions.name_refusals(name_refusal);
    }

    /// What was decided on an [overlay](super::Application::rehearsal): the conversations that were begun there.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn tried(&self, decisions: &Decisions) -> Result<ConversationTree<E>, Unavailable> {
        let (decisions, more) = decisions.so_far();
        let positions = decisions.iter().flat_map(|decision| match &decision.outcome {
            Decided::Events(positions) => positions.as_slice(),
            Decided::Refused(_) | Decided::Failed(_) => &[],
        });
        let (first, last) = positions
            .fold((u64::MAX, 0), |(first, last), position| (first.min(position.get()), last.max(position.get())));
        let mut events = HashMap::new();
        if first <= last {
            let count = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
            let read = self.events(Position::new(first), count).await?;
            events.extend(read.into_iter().map(|event| (event.position, event)));
        }
        let mut found = Found { more, ..Found::default() };
        for decision in decisions {
            let events = match &decision.outcome {
                Decided::Events(positions) => positions.iter().filter_map(|position| events.remove(position)).collect(),
                Decided::Refused(_) | Decided::Failed(_) => Vec::new(),
            };
            found.add_command(decision.metadata.clone(), Some(decision), events);
        }
        let mut tree = found.into_tree();
        // What process managers caught up on has no beginning here.
        tree.commands.retain(|command| command.metadata.causation_id() == command.metadata.command_id);
        Ok(tree)
    }
}

fn tell<E>(known: &KnownDeliveries, commands: &mut [CommandNode<E>]) {
    for command in commands {
        for node in &mut command.events {
            node.deliveries = known.of(node.event.position);
            tell(known, &mut node.answers);
        }
        tell(known, &mut command.instead);
    }
}

/// Commands in any order, before they are a tree.
struct Found<E> {
    commands: Vec<Flat<E>>,
    places: HashMap<Uuid, usize>,
    /// The most commands.
    most: usize,
    more: usize,
}

struct Flat<E> {
    metadata: Metadata,
    decision: Option<Decision>,
    events: Vec<RecordedEvent<E>>,
}

impl<E> Default for Found<E> {
    fn default() -> Self {
        Self { commands: Vec::new(), places: HashMap::new(), most: MOST_COMMANDS, more: 0 }
    }
}

/// What a command belongs below.
enum Parent {
    /// The event of a command, by its index.
    Event(usize, usize),
    /// A command that was refused.
    Refused(usize),
}

impl<E: Clone> Found<E> {
    fn add(&mut self, event: &RecordedEvent<E>) {
        match self.places.get(&event.metadata.command_id) {
            Some(place) => self.commands[*place].events.push(event.clone()),
            None => self.add_command(event.metadata.clone(), None, vec![event.clone()]),
        }
    }

    fn add_command(&mut self, metadata: Metadata, decision: Option<Decision>, events: Vec<RecordedEvent<E>>) {
        if self.commands.len() == self.most {
            self.more += 1;
            return;
        }
        self.places.insert(metadata.command_id, self.commands.len());
        self.commands.push(Flat { metadata, decision, events });
    }

    /// Adds a command that was refused, once: it may have been sent again.
    fn add_refused(&mut self, decision: Decision) {
        if !self.places.contains_key(&decision.metadata.command_id) {
            self.add_command(decision.metadata.clone(), Some(decision), Vec::new());
        }
    }

    fn into_tree(self) -> ConversationTree<E> {
        let mut children: Vec<Vec<(Option<usize>, usize)>> = self.commands.iter().map(|_| Vec::new()).collect();
        let (mut roots, mut follow_refusal) = (Vec::new(), vec![false; self.commands.len()]);
        for (index, follows_refusal) in follow_refusal.iter_mut().enumerate() {
            match self.parent(index, follows_refusal) {
                Some(Parent::Event(parent, event)) => children[parent].push((Some(event), index)),
                Some(Parent::Refused(parent)) => children[parent].push((None, index)),
                None => roots.push(index),
            }
        }
        let left_out = self.more;
        let commands = self.commands.into_iter().zip(follow_refusal).map(Some).collect();
        let mut assembly = Assembly { commands, children };
        let commands = roots.into_iter().filter_map(|root| assembly.take(root)).collect();
        ConversationTree { commands, left_out }
    }

    fn parent(&self, index: usize, follows_refusal: &mut bool) -> Option<Parent> {
        let Flat { metadata, .. } = &self.commands[index];
        let cause = *self.places.get(&metadata.causation_id())?;
        if cause == index {
            return None;
        }
        let events = &self.commands[cause].events;
        let Some(answer) = answer_of(events, metadata) else {
            return (!events.is_empty()).then_some(Parent::Event(cause, 0));
        };
        let refused = answer.refused.and_then(|id| self.places.get(&id)).copied().filter(|refused| *refused != index);
        *follows_refusal = answer.refused.is_some() && refused.is_none();
        match refused {
            Some(refused) => Some(Parent::Refused(refused)),
            None => Some(Parent::Event(cause, answer.event)),
        }
    }
}

/// Commands on their way into a tree. Each is taken once, so that no damaged log makes it endless.
struct Assembly<E> {
    commands: Vec<Option<(Flat<E>, bool)>>,
    children: Vec<Vec<(Option<usize>, usize)>>,
}

impl<E> Assembly<E> {
    fn take(&mut self, index: usize) -> Option<CommandNode<E>> {
        let (Flat { metadata, decision, events }, follows_refusal) = self.commands[index].take()?;
        let events =
            events.into_iter().map(|event| EventNode { event, answers: Vec::new(), deliveries: Vec::new() }).collect();
        let mut node = CommandNode { metadata, decision, events, follows_refusal, instead: Vec::new() };
        for (event, child) in std::mem::take(&mut self.children[index]) {
            let Some(child) = self.take(child) else { continue };
            match event.and_then(|event| node.events.get_mut(event)) {
                Some(event) => event.answers.push(child),
                None => node.instead.push(child),
            }
        }
        Some(node)
    }
}
