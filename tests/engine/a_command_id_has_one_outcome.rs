//! A command under an id of its sender's choice is idempotent: however often it is sent, it has its first outcome.
//! Another command under the id is refused. Sending a command again costs no more than a new one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cqrs_bank::engine::command_handler::{CommandError, CommandHandler, Limits, Pending};
use cqrs_bank::engine::domain::{Aggregate, Command};
use cqrs_bank::engine::log::{Fingerprint, Metadata, Position, RecordedEvent, StreamId};
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::EventStore;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use uuid::Uuid;

use crate::happened::Happened;
use crate::watched_store::{Step, WatchedStore};

/// The capacity of a jar.
const ROOM: u64 = 10;

#[derive(Default)]
struct Jar {
    full: u64,
}

#[derive(Clone, Debug)]
struct Fill {
    jar: &'static str,
    with: u64,
    /// The reason, which is not part of the fingerprint.
    secret: &'static str,
    panics: bool,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the jar is full")]
struct Full;

impl Command for Fill {
    type Aggregate = Jar;
    type Id = &'static str;

    fn target(&self) -> &&'static str {
        &self.jar
    }

    fn fingerprint(&self) -> Fingerprint {
        assert!(!self.panics, "cannot say");
        Fingerprint::of(&[&"fill", &self.jar, &self.with])
    }
}

impl Aggregate for Jar {
    const CATEGORY: &'static str = "jar";
    type Command = Fill;
    type Event = Happened;
    type Refusal = Full;

    fn execute(&self, command: &Fill) -> Result<Vec<Happened>, Full> {
        if self.full + command.with > ROOM { Err(Full) } else { Ok(vec![Happened(command.with)]) }
    }

    fn apply(&mut self, event: &Happened) {
        self.full += event.0;
    }
}

fn fill(jar: &'static str, with: u64) -> Fill {
    Fill { jar, with, secret: "", panics: false }
}

fn id(number: u128) -> Metadata {
    Metadata::from_outside(Uuid::from_u128(number << 80))
}

fn stream(jar: &str) -> StreamId {
    StreamId::new("jar", &jar)
}

struct Jars<S> {
    store: S,
    commands: CommandHandler<Jar>,
    supervisor: Supervisor,
}

impl<S> Drop for Jars<S> {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

type Outcome = Result<Vec<RecordedEvent<Happened>>, CommandError<Full>>;

impl<S: EventStore<Happened>> Jars<S> {
    fn over(store: S, supervisor: Supervisor) -> Self {
        let commands =
            CommandHandler::start(store.clone(), Arc::new(Clock::simulated(0)), Limits::default(), &supervisor);
        Self { store, commands, supervisor }
    }

    async fn send(&self, command: Fill, metadata: Metadata) -> Pending<Jar> {
        self.commands.send_as(command, metadata).await.unwrap()
    }

    async fn outcome(&self, command: Fill, metadata: Metadata) -> Outcome {
        self.send(command, metadata).await.outcome().await.map(|events| events.to_vec())
    }

    async fn events(&self) -> u64 {
        self.store.end().await.unwrap().get()
    }
}

macro_rules! on_both_stores {
    ($($case:ident,)*) => {$(
        mod $case {
            use super::*;

            #[tokio::test]
            async fn in_memory() {
                let supervisor = Supervisor::new();
                let store = MemoryStore::start(&supervisor);
                super::$case(Jars::over(store, supervisor)).await;
            }

            #[tokio::test]
            async fn in_a_file() {
                let directory = tempfile::tempdir().unwrap();
                let supervisor = Supervisor::new();
                let path = directory.path().join("jars.db");
                let store = SqliteStore::open(&path, SqliteOptions::default(), &supervisor).unwrap();
                super::$case(Jars::over(store, supervisor)).await;
            }
        }
    )*};
}

on_both_stores! {
    it_is_the_outcome_where_the_command_would_be_refused_by_now,
    another_command_under_the_id_is_told_so,
    all_of_that_holds_for_commands_that_are_decided_together,
    what_is_sent_beside_a_repeat_is_handled_as_ever,
    a_refusal_is_not_remembered,
    what_says_nothing_of_its_command_is_told_apart_by_its_aggregate,
    a_process_has_its_ids_to_itself,
    a_secret_is_no_part_of_what_is_stored,
    a_command_that_cannot_say_what_it_is_about_is_not_taken,
}

async fn it_is_the_outcome_where_the_command_would_be_refused_by_now(jars: Jars<impl EventStore<Happened>>) {
    let first = jars.outcome(fill("a", ROOM), id(1)).await.unwrap();
    assert_eq!(first.len(), 1);
    for _ in 0..3 {
        assert_eq!(jars.outcome(fill("a", ROOM), id(1)).await.unwrap(), first);
    }
    assert_eq!(jars.outcome(fill("a", ROOM), id(2)).await.unwrap_err(), CommandError::Refused(Full));
    // A command handler that has just started knows only the store.
    let later = Jars::over(jars.store.clone(), Supervisor::new());
    assert_eq!(later.outcome(fill("a", ROOM), id(1)).await.unwrap(), first);
    assert_eq!(jars.events().await, 1);
}

async fn another_command_under_the_id_is_told_so(jars: Jars<impl EventStore<Happened>>) {
    jars.outcome(fill("a", 1), id(1)).await.unwrap();
    let taken = CommandError::IdTaken { stream: stream("a") };
    assert_eq!(jars.outcome(fill("a", 2), id(1)).await.unwrap_err(), taken);
    assert_eq!(jars.outcome(fill("b", 1), id(1)).await.unwrap_err(), taken);
    // A reason to refuse the command makes no difference.
    assert_eq!(jars.outcome(fill("a", ROOM + 1), id(1)).await.unwrap_err(), taken);
    assert_eq!(jars.events().await, 1);
}

async fn all_of_that_holds_for_commands_that_are_decided_together(jars: Jars<impl EventStore<Happened>>) {
    let mut sent = Vec::new();
    for (command, metadata) in [
        (fill("a", ROOM), id(1)),
        (fill("a", ROOM), id(1)),
        (fill("a", 1), id(1)),
        (fill("b", ROOM), id(1)),
        (fill("a", ROOM), id(2)),
        (fill("b", 3), id(3)),
        (fill("a", ROOM), id(1)),
    ] {
        sent.push(jars.send(command, metadata).await);
    }
    let mut outcomes = Vec::new();
    for pending in sent {
        outcomes.push(pending.outcome().await.map(|events| events[0].position));
    }
    let (first, taken) = (Ok(Position::new(1)), Err(CommandError::IdTaken { stream: stream("a") }));
    let refused = Err(CommandError::Refused(Full));
    assert_eq!(outcomes, [first.clone(), first.clone(), taken.clone(), taken, refused, Ok(Position::new(2)), first]);
}

async fn what_is_sent_beside_a_repeat_is_handled_as_ever(jars: Jars<impl EventStore<Happened>>) {
    jars.outcome(fill("a", 1), id(1)).await.unwrap();
    let mut sent = Vec::new();
    for number in 2..=9 {
        sent.push(jars.send(fill("a", 1), id(1)).await);
        sent.push(jars.send(fill("a", 1), id(number)).await);
    }
    let mut positions = Vec::new();
    for pending in sent {
        positions.push(pending.outcome().await.unwrap()[0].position.get());
    }
    assert_eq!(positions, [1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 7, 1, 8, 1, 9]);
}

async fn a_refusal_is_not_remembered(jars: Jars<impl EventStore<Happened>>) {
    assert_eq!(jars.outcome(fill("a", ROOM + 1), id(1)).await.unwrap_err(), CommandError::Refused(Full));
    // The id can be used again, by another command too.
    let first = jars.outcome(fill("b", 2), id(1)).await.unwrap();
    assert_eq!(jars.outcome(fill("b", 2), id(1)).await.unwrap(), first);
}

async fn what_says_nothing_of_its_command_is_told_apart_by_its_aggregate(jars: Jars<impl EventStore<Happened>>) {
    let pending = jars.commands.send(fill("a", 1), id(1)).await.unwrap();
    let first = pending.outcome().await.unwrap().to_vec();
    assert_eq!(first[0].metadata.fingerprint(), None, "an id that was made here does not come again");
    assert_eq!(jars.outcome(fill("a", 2), id(1)).await.unwrap(), first);
    let taken = CommandError::IdTaken { stream: stream("a") };
    assert_eq!(jars.outcome(fill("b", 1), id(1)).await.unwrap_err(), taken);
}

/// A command that a process manager sends again has its first outcome, even with other content. The ids are
/// predictable, but a caller who guesses one does not get the process manager's outcome, nor the other way round.
async fn a_process_has_its_ids_to_itself(jars: Jars<impl EventStore<Happened>>) {
    let send = async |with, metadata: Metadata| {
        let pending = jars.commands.resend(fill("a", with), metadata).await.unwrap();
        pending.outcome().await.map(|events| events.to_vec())
    };
    let first = send(1, id(1).with_process("top up")).await.unwrap();
    assert_eq!(send(2, id(1).with_process("top up")).await.unwrap(), first);
    let taken = CommandError::IdTaken { stream: stream("a") };
    assert_eq!(send(1, id(1).with_process("tax")).await.unwrap_err(), taken);
    assert_eq!(jars.outcome(fill("a", 1), id(1)).await.unwrap_err(), taken);
    jars.outcome(fill("a", 1), id(2)).await.unwrap();
    assert_eq!(send(1, id(2).with_process("top up")).await.unwrap_err(), taken);
    assert_eq!(jars.events().await, 2);
}

async fn a_secret_is_no_part_of_what_is_stored(jars: Jars<impl EventStore<Happened>>) {
    let with_secret = |secret| Fill { secret, ..fill("a", 1) };
    let first = jars.outcome(with_secret("1234"), id(1)).await.unwrap();
    assert_eq!(first[0].metadata.fingerprint(), Some(with_secret("4321").fingerprint()));
    assert_eq!(jars.outcome(with_secret("4321"), id(1)).await.unwrap(), first);
    assert!(!with_secret("4321").secret.is_empty());
}

async fn a_command_that_cannot_say_what_it_is_about_is_not_taken(jars: Jars<impl EventStore<Happened>>) {
    let sent = jars.commands.send_as(Fill { panics: true, ..fill("a", 1) }, id(1)).await;
    assert_eq!(sent.err(), Some(CommandError::Panicked { message: "cannot say".to_owned() }));
    jars.outcome(fill("a", 1), id(1)).await.unwrap();
}

/// By default, the fingerprint of a command covers its `Debug` output.
#[test]
fn other_content_is_another_fingerprint() {
    #[derive(Debug)]
    struct Move(u64);
    #[derive(Default)]
    struct Place;
    impl Aggregate for Place {
        const CATEGORY: &'static str = "place";
        type Command = Move;
        type Event = Happened;
        type Refusal = Full;

        fn execute(&self, _: &Move) -> Result<Vec<Happened>, Full> {
            Ok(Vec::new())
        }

        fn apply(&mut self, _: &Happened) {}
    }
    impl Command for Move {
        type Aggregate = Place;
        type Id = u64;

        fn target(&self) -> &u64 {
            &self.0
        }
    }
    assert_eq!(Move(1).fingerprint(), Move(1).fingerprint());
    assert_ne!(Move(1).fingerprint(), Move(2).fingerprint());
}

/// The number of calls to a store.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<BTreeMap<&'static str, u32>>>);

impl Asked {
    /// The calls since the last call of this function.
    fn take(&self) -> Vec<(&'static str, u32)> {
        std::mem::take(&mut *self.0.lock().unwrap()).into_iter().collect()
    }
}

fn counted() -> (Jars<WatchedStore<Happened>>, Asked) {
    let asked = Asked::default();
    let counts = asked.clone();
    let store = WatchedStore::start(move |step| {
        if let Step::Before(call) = step {
            *counts.0.lock().unwrap().entry(call).or_default() += 1;
        }
        async {}
    });
    (Jars::over(store, Supervisor::new()), asked)
}

const COMMANDS: u128 = 1_000;

async fn all(sent: Vec<Pending<Jar>>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for pending in sent {
        outcomes.push(pending.outcome().await.map(|events| events.to_vec()));
    }
    outcomes
}

#[tokio::test]
async fn sending_many_again_asks_the_store_once() {
    let (jars, asked) = counted();
    let send_all = async || {
        let mut sent = Vec::new();
        for number in 0..COMMANDS {
            sent.push(jars.send(fill("a", 0), id(number)).await);
        }
        all(sent).await
    };
    let first = send_all().await;
    assert!(first.iter().all(Result::is_ok));
    assert_eq!(asked.take(), [("append", 1), ("read_commands", 1), ("read_from_snapshot", 1)]);
    assert_eq!(send_all().await, first);
    assert_eq!(asked.take(), [("read_commands", 1)]);
    // Half of the commands are new, and are stored as if sent alone.
    let mut sent = Vec::new();
    for number in COMMANDS / 2..COMMANDS * 3 / 2 {
        sent.push(jars.send(fill("a", 0), id(number)).await);
    }
    assert_eq!(all(sent).await[..500], first[500..]);
    assert_eq!(asked.take(), [("append", 1), ("read_commands", 1)]);
}

/// Like a client whose timeout is too short, and which tries again.
#[tokio::test]
async fn what_comes_again_before_it_is_answered_waits_for_that_once() {
    let (jars, asked) = counted();
    let mut sent = Vec::new();
    for number in 0..COMMANDS {
        for _ in 0..3 {
            sent.push(jars.send(fill("a", 0), id(number)).await);
        }
    }
    let outcomes = all(sent).await;
    for (same, number) in outcomes.chunks(3).zip(1..) {
        assert!(same.iter().all(|outcome| outcome.as_ref().unwrap()[0].position == Position::new(number)));
    }
    assert_eq!(asked.take(), [("append", 1), ("read_commands", 2), ("read_from_snapshot", 1)]);
}

#[tokio::test]
async fn nothing_is_looked_up_for_an_id_that_was_made_here() {
    let (jars, asked) = counted();
    let mut sent = Vec::new();
    for number in 0..COMMANDS {
        sent.push(jars.commands.send(fill("a", 0), id(number)).await.unwrap());
    }
    assert!(all(sent).await.iter().all(Result::is_ok));
    assert_eq!(asked.take(), [("append", 1), ("read_from_snapshot", 1)]);
}
