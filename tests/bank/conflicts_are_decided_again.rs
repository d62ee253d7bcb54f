//! Two writers may share a store: a command decided on an outdated version is decided again, so that every answer is
//! right and no update is lost.

use std::future::Future;
use std::sync::{Arc, Mutex};

use cqrs_bank::bank::{Account, AccountEvent, Balances};
use cqrs_bank::engine::command_handler::{CommandError, CommandHandler, Limits, MAX_ATTEMPTS, Pending};
use cqrs_bank::engine::feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, MAX_WAIT};
use cqrs_bank::engine::log::{Batch, Metadata, Moment, Position, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::{Clock, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords, ParkedChange, ParkedEvent, Progress};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::{
    Append, Appended, Committed, Conflict, EventStore, ExpectedEnd, Published, Snapshot, StoreError,
};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::accounts::{account, all_balances, money};
use crate::model::comparison::{account_command, in_model_words, outcome};
use crate::model::{Command, Event, LIMIT, ModelBank, Reply};

const NAMES: [&str; 2] = ["Ada", "Wolfman"];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        // A failing interleaving cannot be reproduced, so shrinking is useless.
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Each task keeps several commands in flight, so that a conflict invalidates a chain of decisions.
    #[test]
    fn one_order_of_events_explains_what_both_writers_answer(tasks in vec(vec(any_commands(), 1..20), 2..7)) {
        Runtime::new().unwrap().block_on(async {
            let store = MemoryStore::start(&Supervisor::new());
            let checkpoints = Checkpoints::new();
            let balances = feed::start::<_, Balances, _>(store.clone(), &checkpoints, &Supervisor::new()).await.unwrap();
            let writers = [writer(store.clone()), writer(store.clone())];
            let mut running = JoinSet::new();
            for (number, rounds) in tasks.into_iter().enumerate() {
                let writer = writers[number % 2].clone();
                running.spawn(async move {
                    let mut answers = Vec::new();
                    for commands in rounds {
                        let mut pending = Vec::new();
                        for command in &commands {
                            pending.push(send(&writer, command).await);
                        }
                        for (command, pending) in commands.iter().zip(pending) {
                            answers.push((command.clone(), settled(&writer, command, pending).await));
                        }
                    }
                    answers
                });
            }
            let mut answers = running.join_all().await.concat();
            answers.retain(|(_, (_, event))| event.is_some());
            answers.sort_by_key(|(_, (_, event))| event.as_ref().map(|event| event.position));

            let mut model = ModelBank::default();
            for (command, answer) in &answers {
                assert_eq!(model.handle(command), *answer, "{command:?}");
            }
            assert_eq!(log(&store).await, model.events, "no event is stored without an answer");
            assert_eq!(checkpoints.wait_until_seen(store.end().await.unwrap(), MAX_WAIT).await, Vec::<&str>::new());
            assert_eq!(balances.read(all_balances), model.balances);
        });
    }
}

/// A decision that depends on an unstored decision is not stored either, even if the version happens to match: here the
/// other writer's event takes the place of the deposit.
#[tokio::test]
async fn decisions_made_on_one_another_stand_and_fall_together() {
    let store = MemoryStore::start(&Supervisor::new());
    let (first, second) = (writer(store.clone()), writer(store.clone()));
    let mut model = ModelBank::default();
    for command in [Command::Create("Wolfman"), Command::Deposit("Wolfman", 100)] {
        assert_eq!(answer(&first, &command).await, model.handle(&command));
    }
    let overtaking = Command::Withdraw("Wolfman", 100);
    assert_eq!(answer(&second, &overtaking).await, model.handle(&overtaking));

    let (deposit, withdraw) = (Command::Deposit("Wolfman", 50), Command::Withdraw("Wolfman", 150));
    let (deposited, withdrawn) = (send(&first, &deposit).await, send(&first, &withdraw).await);
    assert_eq!(settled(&first, &deposit, deposited).await, model.handle(&deposit));
    assert_eq!(settled(&first, &withdraw, withdrawn).await, model.handle(&withdraw), "50 is all there is");
    assert_eq!(log(&store).await, model.events);
}

#[tokio::test]
async fn a_payment_is_declined_when_another_writer_was_quicker_to_take_the_money() {
    let (store, first) = overtaken_by([withdrawn(80)]).await;
    let declined = answer(&first, &Command::Withdraw("Wolfman", 80)).await.0;
    assert_eq!(declined, Reply::Declined { balance: 20 });
    assert_eq!(log(&store).await.len(), 4);
}

#[tokio::test]
async fn a_command_is_decided_again_until_it_is_the_first() {
    let others = MAX_ATTEMPTS as usize - 1;
    let (store, first) = overtaken_by(vec![withdrawn(1); others]).await;
    let (reply, event) = answer(&first, &Command::Withdraw("Wolfman", 100 - others as u64)).await;
    assert_eq!(reply, Reply::Done, "that is what is left");
    assert_eq!(event.unwrap().version, 2 + others as u64 + 1);
    assert_eq!(log(&store).await.len(), 2 + others + 1);
}

#[tokio::test]
async fn a_command_that_is_never_the_first_is_given_up_and_changes_nothing() {
    let others = MAX_ATTEMPTS as usize;
    let (store, first) = overtaken_by(vec![withdrawn(1); others]).await;
    let pending = send(&first, &Command::Withdraw("Wolfman", 1)).await;
    let (expected, actual) = (Version::new(1 + others as u64), Version::new(2 + others as u64));
    assert_eq!(pending.outcome().await.unwrap_err(), CommandError::Conflict(Conflict { expected, actual }));
    assert_eq!(log(&store).await.len(), 2 + others);
    let left = 100 - others as u64;
    assert_eq!(answer(&first, &Command::Withdraw("Wolfman", left)).await.0, Reply::Done, "it goes on");
}

/// The event that the second command was refused for was never stored.
#[tokio::test]
async fn with_a_command_that_is_given_up_those_are_that_were_decided_on_it() {
    let (store, first) = overtaken_by(vec![withdrawn(1); MAX_ATTEMPTS as usize]).await;
    let given_up = send(&first, &Command::Deposit("Wolfman", LIMIT - 100)).await;
    let decided_on_it = send(&first, &Command::Deposit("Wolfman", 50)).await;
    for pending in [given_up, decided_on_it] {
        let outcome = pending.outcome().await;
        assert!(matches!(outcome, Err(CommandError::Conflict(_))), "{outcome:?}");
    }
    assert_eq!(log(&store).await.len(), 2 + MAX_ATTEMPTS as usize);
    assert_eq!(answer(&first, &Command::Deposit("Wolfman", 50)).await.0, Reply::Done);
}

/// A refusal appends nothing, so no conflict reveals an outdated decision.
#[tokio::test]
async fn a_refusal_is_not_made_on_what_another_writer_has_changed() {
    let store = MemoryStore::start(&Supervisor::new());
    let (first, second) = (writer(store.clone()), writer(store.clone()));
    for (writer, command, expected) in [
        (&first, Command::Deposit("Wolfman", 1), Reply::NoAccount),
        (&second, Command::Create("Wolfman"), Reply::Done),
        (&first, Command::Deposit("Wolfman", LIMIT), Reply::Done),
        (&first, Command::Deposit("Wolfman", 1), Reply::BalanceLimit),
        (&second, Command::Withdraw("Wolfman", 1), Reply::Done),
        (&first, Command::Deposit("Wolfman", 1), Reply::Done),
    ] {
        assert_eq!(answer(writer, &command).await.0, expected, "{command:?}");
    }
}

fn any_commands() -> impl Strategy<Value = Vec<Command>> {
    let name = || proptest::sample::select(&NAMES);
    let command = prop_oneof![
        1 => name().prop_map(Command::Create),
        4 => (name(), 1..=50_u64).prop_map(|(name, amount)| Command::Deposit(name, amount)),
        4 => (name(), 1..=50_u64).prop_map(|(name, amount)| Command::Withdraw(name, amount)),
    ];
    vec(command, 1..5)
}

fn writer(store: impl EventStore<AccountEvent>) -> CommandHandler<Account> {
    CommandHandler::start(store, Arc::new(Clock::System), Limits::default(), &Supervisor::new())
}

async fn send(writer: &CommandHandler<Account>, command: &Command) -> Pending<Account> {
    let metadata = Metadata::from_outside(Uuid::new_v4());
    writer.send(account_command(command), metadata).await.unwrap()
}

/// A command given up after too many conflicts is sent again.
async fn settled(
    writer: &CommandHandler<Account>,
    command: &Command,
    mut pending: Pending<Account>,
) -> (Reply, Option<Event>) {
    loop {
        match pending.outcome().await {
            Ok(events) => return outcome(Ok(&events)),
            Err(CommandError::Refused(refusal)) => return outcome(Err(refusal)),
            Err(CommandError::Conflict(_)) => pending = send(writer, command).await,
            Err(error) => panic!("{command:?}: {error}"),
        }
    }
}

async fn answer(writer: &CommandHandler<Account>, command: &Command) -> (Reply, Option<Event>) {
    let pending = send(writer, command).await;
    settled(writer, command, pending).await
}

async fn log(store: &MemoryStore<AccountEvent>) -> Vec<Event> {
    let mut log = Vec::new();
    loop {
        let events = store.read_all(Position::new(log.len() as u64), usize::MAX).await.unwrap();
        if events.is_empty() {
            return log;
        }
        log.extend(events.iter().map(in_model_words));
    }
}

/// A store where another writer commits one of these events before each append.
#[derive(Clone)]
struct Overtaken {
    store: MemoryStore<AccountEvent>,
    others: Arc<Mutex<Vec<AccountEvent>>>,
}

/// An account that holds 100, in a store where these events precede each append.
async fn overtaken_by(
    events: impl IntoIterator<Item = AccountEvent>,
) -> (MemoryStore<AccountEvent>, CommandHandler<Account>) {
    let store = MemoryStore::start(&Supervisor::new());
    let before = writer(store.clone());
    for command in [Command::Create("Wolfman"), Command::Deposit("Wolfman", 100)] {
        assert_eq!(answer(&before, &command).await.0, Reply::Done);
    }
    let others = Arc::new(Mutex::new(events.into_iter().collect()));
    (store.clone(), writer(Overtaken { store, others }))
}

fn withdrawn(amount: u64) -> AccountEvent {
    AccountEvent::withdrawn(account("Wolfman"), money(amount))
}

impl EventStore<AccountEvent> for Overtaken {
    async fn append(&self, appends: Vec<Append<AccountEvent>>) -> Result<Appended<AccountEvent>, StoreError> {
        let other = self.others.lock().unwrap().pop();
        if let Some(event) = other {
            let stream = appends[0].stream.clone();
            let version = self.store.read_stream(&stream, Version::START, usize::MAX).await?.len();
            let overtaking = Append {
                stream,
                expected_version: Version::START.plus(version),
                time: Timestamp::from_micros(0),
                metadata: Metadata::from_outside(Uuid::new_v4()),
                events: vec![event],
                snapshot: None,
                expected_end: ExpectedEnd::ANY,
            };
            self.store.append(vec![overtaking]).await?.remove(0).unwrap();
        }
        self.store.append(appends).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Batch<AccountEvent>, StoreError>> + Send {
        self.store.read_stream(stream, after, limit)
    }

    fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> impl Future<Output = Result<(Option<Snapshot>, Batch<AccountEvent>), StoreError>> + Send {
        self.store.read_from_snapshot(stream, until, limit)
    }

    fn stream_version(
        &self,
        stream: &StreamId,
        until: Moment,
    ) -> impl Future<Output = Result<Version, StoreError>> + Send {
        self.store.stream_version(stream, until)
    }

    fn read_commands(
        &self,
        command_ids: Vec<Uuid>,
    ) -> impl Future<Output = Result<Vec<Option<Committed<AccountEvent>>>, StoreError>> + Send {
        self.store.read_commands(command_ids)
    }

    fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> impl Future<Output = Result<Batch<AccountEvent>, StoreError>> + Send {
        self.store.read_all(after, limit)
    }

    fn end(&self) -> impl Future<Output = Result<Position, StoreError>> + Send {
        self.store.end()
    }

    fn published(&self) -> broadcast::Receiver<Published<AccountEvent>> {
        self.store.published()
    }
}

impl HandlerRecords for Overtaken {
    fn is_durable(&self) -> bool {
        false
    }

    async fn read_progress(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        self.store.read_progress(handler).await
    }

    async fn begin_progress(&self, handler: &str, start: Progress) -> Result<Progress, StoreError> {
        self.store.begin_progress(handler, start).await
    }

    async fn write_progress(&self, handler: &str, progress: Progress, parked: ParkedChange) -> Result<(), StoreError> {
        self.store.write_progress(handler, progress, parked).await
    }

    async fn read_parked(&self, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, StoreError> {
        self.store.read_parked(after, limit).await
    }
}
