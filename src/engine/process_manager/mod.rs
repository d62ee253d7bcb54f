//! Process managers: events in, commands out, exactly once in effect.
//!
//! The id of a command is derived from the event it answers. When an event comes again, after a crash say, the
//! same command goes out with the same id; what it has led to before is what it leads to.
//!
//! What a process manager remembers is a fold of events as well: of those it gets, each followed at once by what its own
//! commands have led to. These are known by their ids, wherever they stand in the log.

mod answer;
mod causes;
mod chain;
mod failures;
mod fold;
mod process;
mod unfinished;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::{Builder, Uuid};

pub use self::answer::{Answer, Instead, Reaction};
pub use self::fold::{state_difference, state_up_to};
pub use self::process::{LONGEST_CHAIN, Process};
pub use self::unfinished::Unfinished;
use super::event_handler::StartFrom;
use crate::engine::domain::DomainEvent;
use crate::engine::log::RecordedEvent;

/// A company policy: what is to be done when something has happened. All functions are pure.
pub trait ProcessManager: Clone + Send + Sync + 'static {
    /// Its name, as people see it and under which its progress is stored. It never changes, and does not begin with a
    /// colon: see [`EventHandler::NAME`](super::event_handler::EventHandler::NAME).
    const NAME: &'static str;

    /// What the trace calls it.
    const TITLE: &'static str;

    /// Where it starts in a store that it has not seen yet.
    const START: StartFrom;

    /// What can happen in its domain: the event of an aggregate, or that which contains those of several.
    type Event: DomainEvent;

    /// What it remembers from event to event; `()` where every event says all that is needed. The default is what it
    /// remembers before the first event. It is stored with the checkpoint, which saves the time to fold it again.
    type State: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Which events may need an answer, or are to be remembered.
    fn filter(&self) -> impl Fn(&Event<Self>) -> bool + Send + Sync + 'static;

    /// The commands that answer an event.
    fn react(&self, state: &Self::State, event: &Event<Self>) -> Reaction<EventOf<Self>>;

    /// Takes note of an event: of one that it got, and then at once of those that its own commands have led to in answer to
    /// it, in the order of these commands.
    fn apply(state: &mut Self::State, event: Noted<'_, Self>) {
        let _ = (state, event);
    }

    /// Which events the state is a fold of, told without what this very value was made with: those that any value of
    /// this type may have got. Where that is not what the filter says, [`ProcessManager::apply`] should take note of
    /// nothing but outcomes.
    fn remembers(&self) -> impl Fn(&Event<Self>) -> bool + Send + Sync + 'static {
        self.filter()
    }

    /// Whether no event will ever be answered or remembered again: then none wakes it up.
    fn has_ended(state: &Self::State) -> bool {
        let _ = state;
        false
    }

    /// What it has left to do of a log that is [imported](crate::engine::application::Application::import). It goes on
    /// from the first event that still needs an answer, and meets those after it as well; what was answered before, by
    /// commands under the ids that it gives, is not answered again. `None` for one to which nothing of that log is news:
    /// it is passed over all of it.
    fn unfinished(&self) -> Option<Box<dyn Unfinished<EventOf<Self>>>> {
        None
    }

    /// What people should know although nothing has failed.
    fn note(state: &Self::State) -> Option<String> {
        let _ = state;
        None
    }
}

/// What a process manager gets and sends for.
pub type EventOf<P> = <P as ProcessManager>::Event;

/// An event as a process manager gets it.
pub type Event<P> = RecordedEvent<EventOf<P>>;

/// An event that a process manager takes note of.
pub enum Noted<'a, P: ProcessManager> {
    /// One that it got.
    Event(&'a Event<P>),
    /// One that a command of its own has led to.
    Outcome(&'a Event<P>),
}

/// The id that the first command which answers an event has, whenever that is: what a command names after itself, a
/// transfer for instance, gets its name from here.
pub fn id_of_answer<P: ProcessManager>(event: &Event<P>) -> Uuid {
    command_id(P::NAME, event, first(0))
}

/// The number, among all commands that one event can lead to, of one of the reaction; they count from 0.
fn first(answer: usize) -> usize {
    2 * answer
}

/// The number of the command that follows when that one is refused.
fn following(answer: usize) -> usize {
    first(answer) + 1
}

/// The id of a command that answers an event, the same whenever the event comes. It begins with the time of the
/// command that led to the event, so that ids go on growing with time.
fn command_id<E>(process: &str, event: &RecordedEvent<E>, number: usize) -> Uuid {
    const BYTES_OF_TIME: usize = 6;
    let cause = event.metadata.command_id;
    let name = format!("{process}/{}/{number}", event.version);
    let derived = Uuid::new_v5(&cause, name.as_bytes());
    let mut bytes = *derived.as_bytes();
    bytes[..BYTES_OF_TIME].copy_from_slice(&cause.as_bytes()[..BYTES_OF_TIME]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::engine::log::{Metadata, Position, StreamId, Timestamp, Version};

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
    fn every_answer_to_an_event_has_an_id_of_its_own_and_always_the_same() {
        let mut ids = BTreeSet::new();
        let early = 1 << 120;
        for command in [early, early + 1] {
            for version in 1..=3 {
                for process in ["transfer", "CEO bonus"] {
                    for number in (0..9).flat_map(|answer| [first(answer), following(answer)]) {
                        let id = command_id(process, &event(command, version), number);
                        assert!(ids.insert(id), "{process}, {version}, {number}");
                        assert_eq!(id, command_id(process, &event(command, version), number));
                    }
                }
            }
        }
        assert_eq!(ids.len(), 2 * 3 * 2 * 18);
        let later = command_id("transfer", &event(2 << 120, 1), first(0));
        assert!(ids.iter().all(|id| *id < later), "ids go on growing with time");
    }

    /// They are in logs that exist.
    #[test]
    fn ids_stay_what_they_were() {
        let event = event(7 << 80, 3);
        for (number, expected) in
            [(first(0), "00000000-0007-8133-9308-952718d07c74"), (following(0), "00000000-0007-8f0b-8132-131072a21747")]
        {
            assert_eq!(command_id("transfer", &event, number).to_string(), expected);
        }
    }
}
