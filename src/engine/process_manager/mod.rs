//! Process managers: events in, commands out, each command effective exactly once.
//!
//! The id of a command is derived from the event it answers. When an event is redelivered, after a crash for example, the
//! same command is sent again under the same id, and has the outcome it had the first time.
//!
//! The state of a process manager is a fold too: of the events delivered to it, each followed by the events that its own
//! commands led to. The ids of the commands find those events, wherever they are in the log.

mod answer;
mod causing_commands;
mod chain;
mod failures;
mod fold;
mod process;
mod unfinished;

use std::fmt::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::{Builder, Uuid};

pub use self::answer::{Answer, Instead, Reaction};
pub use self::chain::LONGEST_CHAIN;
pub use self::fold::{state_difference, state_up_to};
pub use self::process::Process;
pub use self::unfinished::Unfinished;
use super::event_handler::StartFrom;
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Metadata, RecordedEvent};

/// A policy: which commands answer which events. All functions are pure.
pub trait ProcessManager: Clone + Send + Sync + 'static {
    /// Its name for operators, under which its progress is stored. It must never change, nor begin with a colon: see
    /// [`EventHandler::NAME`](super::event_handler::EventHandler::NAME).
    const NAME: &'static str;

    /// Its name in the trace.
    const TITLE: &'static str;

    /// Where it starts in a store without a checkpoint for it.
    const START: StartFrom;

    /// The domain's events: those of one aggregate, or an enum that contains those of several.
    type Event: DomainEvent;

    /// Its state, by default that before the first event; `()` if each event holds all that its answer needs. The state
    /// is stored with the checkpoint, so that a restart need not fold it again.
    type State: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Selects the events to deliver: those that may need an answer or change the state.
    fn filter(&self) -> impl Fn(&Event<Self>) -> bool + Send + Sync + 'static;

    /// The commands that answer an event.
    fn react(&self, state: &Self::State, event: &Event<Self>) -> Reaction<EventOf<Self>>;

    /// The command that ends what an event began, once a person has given up the event, on which the process manager kept
    /// failing. It is sent under the id of the first command that answers the event: of the two, one takes effect.
    fn give_up(&self, event: &Event<Self>) -> Option<Instead<EventOf<Self>>> {
        let _ = event;
        None
    }

    /// Folds an event into the state: first a delivered event, then the events that its answers led to, in the order of
    /// the commands.
    fn apply(state: &mut Self::State, event: Noted<'_, Self>) {
        let _ = (state, event);
    }

    /// Selects the events that the state is a fold of, independently of this value's configuration: all events that any
    /// value of this type may have been given. If that differs from the filter, [`ProcessManager::apply`] should fold
    /// outcomes only.
    fn remembers(&self) -> impl Fn(&Event<Self>) -> bool + Send + Sync + 'static {
        self.filter()
    }

    /// Whether the process is over: no further event will be delivered.
    fn has_ended(&self, state: &Self::State) -> bool {
        let _ = state;
        false
    }

    /// A fold that finds the unfinished work in an [imported](crate::engine::application::Application::import) log. The
    /// process manager starts at the first event that still needs an answer. Events already answered, by commands with the
    /// ids derived here, are not answered again. With `None`, the process manager starts after the imported log.
    fn unfinished(&self) -> Option<Box<dyn Unfinished<EventOf<Self>>>> {
        None
    }

    /// A note for operators about something that is not a failure.
    fn note(state: &Self::State) -> Option<String> {
        let _ = state;
        None
    }
}

/// The events of a process manager.
pub type EventOf<P> = <P as ProcessManager>::Event;

/// A recorded event, as delivered to a process manager.
pub type Event<P> = RecordedEvent<EventOf<P>>;

/// An event to fold into the state of a process manager.
pub enum Noted<'a, P: ProcessManager> {
    /// An event delivered to the process manager.
    Event(&'a Event<P>),
    /// An event that one of its own commands led to.
    Outcome(&'a Event<P>),
}

/// The id of the first command that answers an event, the same at every delivery. Use it to name what the command creates,
/// a transfer for instance.
pub fn id_of_answer<P: ProcessManager>(event: &Event<P>) -> Uuid {
    command_id(P::NAME, event, first(0))
}

/// What a process manager's command answers.
pub(in crate::engine) struct AnswerOf {
    /// The index of the event, among those of the command that caused it.
    pub(in crate::engine) event: usize,
    /// The id of the command whose refusal it follows, if it does.
    pub(in crate::engine) refused: Option<Uuid>,
}

/// What a process manager's command answers, among the events of the command that caused it.
pub(in crate::engine) fn answer_of<E>(events: &[RecordedEvent<E>], answer: &Metadata) -> Option<AnswerOf> {
    // Few reactions have as many commands.
    const TRIED: usize = 64;
    let process = answer.process()?;
    events.iter().enumerate().find_map(|(index, event)| {
        let number = (0..TRIED).find(|number| command_id(process, event, *number) == answer.command_id)?;
        let refused = (number % 2 == 1).then(|| command_id(process, event, number - 1));
        Some(AnswerOf { event: index, refused })
    })
}

/// The event that a process manager's command answers, among those of the command that caused it.
pub(in crate::engine) fn answered<'a, E>(
    events: &'a [RecordedEvent<E>],
    answer: &Metadata,
) -> Option<&'a RecordedEvent<E>> {
    answer_of(events, answer).and_then(|answer| events.get(answer.event))
}

/// The number of an answer's command among all commands that one event can lead to, from 0.
fn first(answer: usize) -> usize {
    2 * answer
}

/// The number of the fallback of that command.
fn fallback(answer: usize) -> usize {
    first(answer) + 1
}

/// The id of a command that answers an event, the same at every delivery. It begins with the time of the command that led
/// to the event, so that ids still grow with time.
fn command_id<E>(process: &str, event: &RecordedEvent<E>, number: usize) -> Uuid {
    const TIMESTAMP_BYTES: usize = 6;
    let cause = event.metadata.command_id;
    const LONGEST_NUMBERS: usize = "/18446744073709551615/18446744073709551615".len();
    let mut name = String::with_capacity(process.len() + LONGEST_NUMBERS);
    // It has room, and cannot fail.
    let _ = write!(name, "{process}/{}/{number}", event.version);
    let derived = Uuid::new_v5(&cause, name.as_bytes());
    let mut bytes = *derived.as_bytes();
    bytes[..TIMESTAMP_BYTES].copy_from_slice(&cause.as_bytes()[..TIMESTAMP_BYTES]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::engine::log::{Position, StreamId, Timestamp, Version};

    fn event(command_id: u128, version: u64) -> RecordedEvent<()> {
        RecordedEvent {
            position: Position::new(version),
            stream: StreamId::new("shelf", &"full"),
            version: Version::new(version),
            time: Timestamp::from_micros(0),
            metadata: Metadata::from_outside(Uuid::from_u128(command_id)),
            data: (),
        }
    }

    #[test]
    fn every_answer_has_a_unique_and_stable_id() {
        let mut ids = BTreeSet::new();
        let early = 1 << 120;
        for command in [early, early + 1] {
            for version in 1..=3 {
                for process in ["transfer", "CEO bonus"] {
                    for number in (0..9).flat_map(|answer| [first(answer), fallback(answer)]) {
                        let id = command_id(process, &event(command, version), number);
                        assert!(ids.insert(id), "{process}, {version}, {number}");
                        assert_eq!(id, command_id(process, &event(command, version), number));
                    }
                }
            }
        }
        assert_eq!(ids.len(), 2 * 3 * 2 * 18);
        let later = command_id("transfer", &event(2 << 120, 1), first(0));
        assert!(ids.iter().all(|id| *id < later), "ids grow with time");
    }

    #[test]
    fn of_several_events_of_a_command_the_answered_one_is_found() {
        let events = [event(7, 1), event(7, 2), event(7, 3)];
        for (place, number) in [(0, first(0)), (1, first(3)), (2, fallback(1))] {
            let id = command_id("transfer", &events[place], number);
            let answer = Metadata::from_outside(id).with_process("transfer");
            assert_eq!(answered(&events, &answer), Some(&events[place]));
            assert_eq!(answered(&events, &answer.with_process("CEO bonus")), None);
            assert_eq!(answered(&events, &Metadata::from_outside(id)), None, "an early version wrote it");
        }
    }

    /// Existing logs hold these ids.
    #[test]
    fn ids_never_change() {
        let event = event(7 << 80, 3);
        for (number, expected) in
            [(first(0), "00000000-0007-8133-9308-952718d07c74"), (fallback(0), "00000000-0007-8f0b-8132-131072a21747")]
        {
            assert_eq!(command_id("transfer", &event, number).to_string(), expected);
        }
    }
}
