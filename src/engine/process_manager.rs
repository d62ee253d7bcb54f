//! Process managers: events in, commands out, exactly once in effect.
//!
//! The id of a command is derived from the event it answers. When an event comes again, after a crash say, the
//! same command goes out with the same id; an aggregate that has handled it answers with what happened then.

use std::fmt;
use std::future::Future;

use uuid::{Builder, Uuid};

use super::aggregate::Aggregate;
use super::command_handler::{CommandError, CommandHandler};
use super::event::{Metadata, Position, RecordedEvent};
use super::event_handler::{EventHandler, Failure, Starts, Wish};
use super::feed::checkpoints::{Checkpoints, Kind};
use super::store::{EventStore, StoreError};
use super::trace::trace_line;

/// A company policy: what is to be done when something has happened. All functions are pure.
pub trait ProcessManager: Clone + Send + Sync + 'static {
    /// Its name, as people see it and under which its progress is stored. It never changes, and does not begin with a
    /// colon: see [`EventHandler::NAME`].
    const NAME: &'static str;

    /// What the trace calls it.
    const TITLE: &'static str;

    /// Where it starts in a store that it has not seen yet.
    const STARTS: Starts;

    /// Whose events it gets, and to whom its commands go.
    type Aggregate: Aggregate<Command: Clone>;

    /// Which events may need an answer; [`ProcessManager::react`] decides.
    fn filter(&self) -> impl Fn(&Event<Self>) -> bool + Send + Sync + 'static;

    /// The command that answers an event.
    fn react(&self, event: &Event<Self>) -> Option<Sent<Self>>;

    /// Takes note that the command that answers an event was accepted. It is told again when the event comes again.
    /// It is not told of a command that follows a refusal: when the event comes again, that one is not sent again.
    fn accepted(&mut self, command: &Sent<Self>) {
        let _ = command;
    }

    /// The command that follows when one was refused. Of the two, one and only one happens, ever. What is noted here
    /// is for people: it is not told again once what follows has happened.
    fn refused(
        &mut self,
        command: &Sent<Self>,
        refusal: &<Self::Aggregate as Aggregate>::Refusal,
    ) -> Option<Sent<Self>>;

    /// What it has to remember from event to event, stored with its checkpoint.
    fn state(&self) -> Option<Box<str>> {
        None
    }

    /// Takes back what [`ProcessManager::state`] has told.
    fn restore(&mut self, state: &str) {
        let _ = state;
    }

    /// What people should know although nothing has failed.
    fn note(&self) -> Option<String> {
        None
    }
}

/// An event as a process manager gets it.
pub type Event<P> = RecordedEvent<<<P as ProcessManager>::Aggregate as Aggregate>::Event>;

/// A command as a process manager sends it.
pub type Sent<P> = <<P as ProcessManager>::Aggregate as Aggregate>::Command;

/// A process manager as an event handler.
pub struct Process<P: ProcessManager, S> {
    policy: P,
    /// Where its commands go.
    commands: CommandHandler<P::Aggregate>,
    /// Where it looks up what has become of them.
    store: S,
    /// Where it says that a conversation goes on.
    checkpoints: Checkpoints,
    /// Up to here, an event may have come before: nobody needs to look up what became of a command that was never
    /// sent. Not known before the first event comes.
    may_come_again: Option<Position>,
}

impl<P: ProcessManager, S: Clone> Clone for Process<P, S> {
    fn clone(&self) -> Self {
        let Self { policy, commands, store, checkpoints, may_come_again } = self;
        Self {
            policy: policy.clone(),
            commands: commands.clone(),
            store: store.clone(),
            checkpoints: checkpoints.clone(),
            may_come_again: *may_come_again,
        }
    }
}

impl<P: ProcessManager, S> fmt::Debug for Process<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("name", &P::NAME).finish_non_exhaustive()
    }
}

impl<P: ProcessManager, S> Process<P, S> {
    /// A process manager whose commands go to `commands`, and which looks up in `store` what has become of them.
    pub fn new(policy: P, commands: CommandHandler<P::Aggregate>, store: S, checkpoints: Checkpoints) -> Self {
        Self { policy, commands, store, checkpoints, may_come_again: None }
    }
}

impl<P: ProcessManager, S: EventStore<<P::Aggregate as Aggregate>::Event>>
    EventHandler<<P::Aggregate as Aggregate>::Event> for Process<P, S>
{
    const NAME: &'static str = P::NAME;
    const KIND: Kind = Kind::ProcessManager;
    const AWAITED: bool = true;
    const STARTS: Starts = P::STARTS;

    fn filter(&self) -> impl Fn(&Event<P>) -> bool + Send + Sync + 'static {
        self.policy.filter()
    }

    async fn handle(&mut self, event: &Event<P>) -> Result<(), Failure> {
        let Some(command) = self.policy.react(event) else { return Ok(()) };
        trace_line!(event.metadata.correlation_id, "Process Manager: {}", P::TITLE);
        let again = self.comes_again(event).await?;
        if again
            && let Some(followed) =
                self.store.read_command(command_id(P::NAME, event, FOLLOWING)).await.map_err(store_failed)?
        {
            // The first command was refused when this event came before, and what follows has happened.
            self.goes_on(event, &followed);
            return Ok(());
        }
        let Some(following) = self.send(event, FIRST, command, again).await? else { return Ok(()) };
        match self.send(event, FOLLOWING, following, again).await? {
            None => Ok(()),
            Some(_) => Err(Failure::retry("a command that follows a refusal was refused too").wishing(Wish::Park)),
        }
    }

    fn state(&self) -> Option<Box<str>> {
        self.policy.state()
    }

    fn restore(&mut self, state: &str) {
        self.policy.restore(state);
    }

    fn note(&self) -> Option<String> {
        self.policy.note()
    }
}

/// The commands that one event can lead to, by number.
const FIRST: u8 = 0;
const FOLLOWING: u8 = 1;

impl<P: ProcessManager, S: EventStore<<P::Aggregate as Aggregate>::Event>> Process<P, S> {
    /// Whether an event may have come before. One that happened after this value was first called with one has not,
    /// unless it came to this value: only one process at a time runs the handlers of a store, and one that takes them
    /// over again begins with a new value.
    async fn comes_again(&mut self, event: &Event<P>) -> Result<bool, Failure> {
        let may_come_again = match self.may_come_again {
            Some(position) => position,
            None => self.store.end().await.map_err(store_failed)?,
        };
        self.may_come_again = Some(may_come_again.max(event.position));
        Ok(event.position <= may_come_again)
    }
}

impl<P: ProcessManager, S> Process<P, S> {
    /// Sends a command and waits for what becomes of it. Answers with the command that is to follow, if it was
    /// refused and one is.
    fn send(
        &mut self,
        event: &Event<P>,
        number: u8,
        command: Sent<P>,
        again: bool,
    ) -> impl Future<Output = Result<Option<Sent<P>>, Failure>> + Send {
        let cause = &event.metadata;
        let (correlation_id, command_id) = (cause.correlation_id, command_id(P::NAME, event, number));
        let metadata = Metadata::new(command_id, correlation_id, cause.command_id);
        let Self { policy, commands, checkpoints, .. } = self;
        async move {
            let pending = match again {
                true => commands.send_again(command.clone(), metadata).await.map_err(failed)?,
                false => commands.send(command.clone(), metadata).await.map_err(failed)?,
            };
            match pending.outcome().await {
                Ok(events) => {
                    if let Some(last) = events.last() {
                        checkpoints.conversation_goes_on(correlation_id, event.position, last.position);
                    }
                    if number == FIRST {
                        policy.accepted(&command);
                    }
                    Ok(None)
                }
                Err(CommandError::Refused(refusal)) => Ok(policy.refused(&command, &refusal)),
                Err(error) => Err(failed(error)),
            }
        }
    }

    fn goes_on(&self, event: &Event<P>, events: &[Event<P>]) {
        if let Some(last) = events.last() {
            self.checkpoints.conversation_goes_on(event.metadata.correlation_id, event.position, last.position);
        }
    }
}

/// A command that was not taken because everything comes to its end has not failed.
fn failed<R: std::error::Error>(error: CommandError<R>) -> Failure {
    match error {
        CommandError::Store(error) => store_failed(error),
        stopped @ CommandError::Stopped => Failure::retry(stopped.to_string()).wishing(Wish::Untried),
        other => Failure::retry(other.to_string()),
    }
}

fn store_failed(error: StoreError) -> Failure {
    let wish = if error == StoreError::Closed { Wish::Untried } else { Wish::Retry };
    Failure::retry(error.to_string()).wishing(wish)
}

/// The id that the command which answers an event has, whenever that is: what a command names after itself, a transfer
/// for instance, gets its name from here.
pub fn id_of_answer<P: ProcessManager>(event: &Event<P>) -> Uuid {
    command_id(P::NAME, event, FIRST)
}

/// The id of a command that answers an event, the same whenever the event comes. It begins with the time of the
/// command that led to the event, so that ids go on growing with time.
fn command_id<E>(process: &str, event: &RecordedEvent<E>, number: u8) -> Uuid {
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
    use crate::engine::clock::Timestamp;
    use crate::engine::event::{StreamId, Version};

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
                    for number in [FIRST, FOLLOWING] {
                        let id = command_id(process, &event(command, version), number);
                        assert!(ids.insert(id), "{process}, {version}, {number}");
                        assert_eq!(id, command_id(process, &event(command, version), number));
                    }
                }
            }
        }
        assert_eq!(ids.len(), 24);
        let later = command_id("transfer", &event(2 << 120, 1), FIRST);
        assert!(ids.iter().all(|id| *id < later), "ids go on growing with time");
    }
}
