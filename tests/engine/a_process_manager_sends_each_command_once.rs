//! The commands that answer an event take effect once: cut off at any step and restarted on the same store, a process
//! manager arrives at the same result.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use cqrs_bank::engine::command_handler::{CommandError, CommandHandler, Limits, Pending};
use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{self, HandlerContext, RetryPolicy};
use cqrs_bank::engine::feed::Feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, HandlerKind};
use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent, StreamId};
use cqrs_bank::engine::process_manager::Process;
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::EventStore;
use cqrs_bank::engine::store::handler_records::HandlerRecords;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::timeout;
use uuid::Uuid;

use crate::shelves::{Changed, FillOrders, Shelf, ShelfCommand, What};
use crate::watched_store::WatchedStore;
use crate::watched_store::cut::{Cut, NEVER};

type Event = RecordedEvent<Changed>;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(start_paused = true)]
async fn cut_off_at_any_step_it_ends_the_same() {
    let commands = [
        ("full", What::Add(3)),
        ("orders", What::Order("full", 2)),
        ("orders", What::Order("empty", 3)),
        ("orders", What::Order("empty", 100)),
        ("orders", What::Order("full", 1)),
    ];
    let uncut = Engine::start(&Cut::at(NEVER)).await.unwrap();
    assert!(uncut.run(&commands).await);
    let expected = uncut.log().await;
    let what: Vec<_> = expected.iter().map(|event| event.data.clone()).collect();
    let (full, empty) = ("full".to_owned(), "empty".to_owned());
    assert_eq!(
        what,
        [
            Changed::Added(3),
            Changed::Ordered(full.clone(), 2),
            Changed::Taken(2),
            Changed::Ordered(empty.clone(), 3),
            Changed::Lent(3),
            Changed::Ordered(empty, 100),
            Changed::Ordered(full, 1),
            Changed::Taken(1),
        ]
    );

    let mut steps = 0;
    loop {
        let cut = Cut::at(steps);
        let whole = match Engine::start(&cut).await {
            Some(engine) => engine.run(&commands).await,
            None => false,
        };
        cut.again(NEVER);
        let engine = Engine::start(&cut).await.unwrap();
        // A client without an answer sends its command again under the same id.
        assert!(engine.run(&commands).await, "cut off at step {steps}");
        assert_eq!(engine.log().await, expected, "cut off at step {steps}");
        let parked = engine.store.read_parked(0, 9).await.unwrap();
        let parked: Vec<_> = parked.iter().map(|parked| (parked.position, &*parked.reason)).collect();
        let reason = "a command that follows a refusal was refused too";
        assert_eq!(parked, [(Position::new(6), reason)], "cut off at step {steps}");
        let status = engine.checkpoints.handlers().remove(0);
        assert_eq!(status.kind, HandlerKind::ProcessManager);
        assert_eq!(status.condition.last_error.as_deref(), Some("3 taken"), "cut off at step {steps}");
        if whole {
            break;
        }
        steps += 1;
    }
    assert!(steps > 60, "it was cut off at {steps} steps");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// The stock grows meanwhile, so that a refused command may be accepted when it is sent again.
    #[test]
    fn of_a_command_and_the_one_that_follows_its_refusal_one_happens(
        orders in vec((0..3_usize, 1..6_u64), 1..8),
        cuts in vec(0..120_u64, 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let order = |(shelf, count): &(usize, u64)| ("orders", What::Order(["a", "b", "c"][*shelf], *count));
            let commands: Vec<_> = orders.iter().map(order).collect();
            let cut = Cut::at(NEVER);
            for (number, steps) in (1..).zip(&cuts) {
                cut.again(*steps);
                if let Some(engine) = Engine::start(&cut).await {
                    engine.run(&commands).await;
                    engine.end().await;
                }
                cut.again(NEVER);
                let engine = Engine::start(&cut).await.unwrap();
                for (index, shelf) in (1..).zip(["a", "b"]) {
                    let id = Uuid::from_u128(number * 10 + index);
                    engine.send(shelf, What::Add(2), id).await.outcome().await.unwrap();
                }
                engine.end().await;
            }
            let engine = Engine::start(&cut).await.unwrap();
            assert!(engine.run(&commands).await);
            let log = engine.log().await;
            for (number, (_, count)) in (1..).zip(&orders) {
                let conversation = |event: &&Event| event.metadata.correlation_id() == id_of(number);
                let conversation: Vec<_> = log.iter().filter(conversation).collect();
                let [order, answer] = conversation[..] else { panic!("one answer each: {conversation:?}") };
                assert_eq!(answer.metadata.causation_id(), order.metadata.command_id);
                assert!(matches!(answer.data, Changed::Taken(it) | Changed::Lent(it) if it == *count), "{answer:?}");
            }
            let commands: BTreeSet<_> = log.iter().map(|event| event.metadata.command_id).collect();
            assert_eq!(commands.len(), log.len(), "each command leads to one event");
        });
    }
}

/// A command was refused, and its fallback was handled or not. By now, the first command would be accepted.
#[tokio::test(start_paused = true)]
async fn what_followed_a_refusal_stays_even_if_the_first_command_would_be_accepted_now() {
    let order = [("orders", What::Order("shelf", 3))];
    let (mut taken, mut lent) = (0, 0);
    for steps in 0.. {
        let cut = Cut::at(steps);
        let whole = match Engine::start(&cut).await {
            Some(engine) => {
                let whole = engine.run(&order).await;
                engine.end().await;
                whole
            }
            None => false,
        };
        cut.again(NEVER);
        let engine = Engine::without_process(&cut);
        engine.send("shelf", What::Add(3), Uuid::from_u128(7)).await.outcome().await.unwrap();
        engine.end().await;
        let engine = Engine::start(&cut).await.unwrap();
        assert!(engine.run(&order).await, "cut off at step {steps}");
        let log = engine.log().await;
        let answers = log.iter().filter(|event| matches!(event.data, Changed::Taken(3) | Changed::Lent(3)));
        let [answer] = answers.collect::<Vec<_>>()[..] else { panic!("cut off at step {steps}: {log:?}") };
        if answer.data == Changed::Lent(3) {
            lent += 1
        } else {
            taken += 1
        }
        if whole {
            break;
        }
    }
    assert!(taken > 3 && lent > 3, "{taken} times it was taken and {lent} times lent");
}

/// The store appends, but the answer is lost: the event is redelivered in the same process.
#[tokio::test(start_paused = true)]
async fn what_followed_a_refusal_stays_even_if_nobody_heard_of_it() {
    let engine = Engine::start(&Cut::at(NEVER)).await.unwrap();
    assert!(engine.run(&[("orders", What::Order("shelf", 1))]).await);
    engine.store.lose_answer_of(StreamId::new("shelf", &"next door"));
    engine.send("orders", What::Order("shelf", 3), id_of(2)).await.outcome().await.unwrap();
    while engine.log().await.len() < 4 {
        tokio::task::yield_now().await;
    }
    engine.send("shelf", What::Add(3), id_of(3)).await.outcome().await.unwrap();
    let end = engine.store.end().await.unwrap();
    assert!(engine.checkpoints.wait_until_seen(end, HOUR).await.is_empty());
    let what: Vec<_> = engine.log().await.into_iter().map(|event| event.data).collect();
    let order = |count| Changed::Ordered("shelf".to_owned(), count);
    assert_eq!(what, [order(1), Changed::Lent(1), order(3), Changed::Lent(3), Changed::Added(3)]);
}

#[tokio::test]
async fn a_command_that_comes_again_before_it_is_stored_is_answered_with_what_it_led_to() {
    let engine = Engine::start(&Cut::at(NEVER)).await.unwrap();
    engine.send("a", What::Add(5), Uuid::from_u128(1)).await.outcome().await.unwrap();
    let id = Uuid::from_u128(2);
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(engine.send("a", What::Take(3), id).await);
        sent.push(engine.send("b", What::Add(1), Uuid::new_v4()).await);
    }
    for (number, pending) in (0..).zip(sent) {
        let events = pending.outcome().await.unwrap();
        let expected = if number % 2 == 0 { Changed::Taken(3) } else { Changed::Added(1) };
        assert_eq!((events.len(), &events[0].data), (1, &expected));
    }
    assert_eq!(engine.log().await.len(), 1 + 1 + 3);
}

#[tokio::test]
async fn a_new_command_with_an_id_that_was_used_leads_to_nothing_new() {
    let engine = Engine::start(&Cut::at(NEVER)).await.unwrap();
    let metadata = Metadata::from_outside(Uuid::from_u128(2));
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(engine.commands.send(command("a", What::Add(1)), metadata.clone()).await.unwrap());
    }
    for pending in sent {
        assert_eq!(pending.outcome().await.unwrap().to_vec(), engine.log().await);
    }
    let take = engine.send("a", What::Take(2), Uuid::from_u128(3)).await;
    assert!(matches!(take.outcome().await, Err(CommandError::Refused(_))), "one was added");
    assert_eq!(engine.log().await.len(), 1);
}

/// A refusal is not stored: a refused command may be sent again and be accepted.
#[tokio::test]
async fn a_command_that_was_refused_is_decided_again() {
    let engine = Engine::start(&Cut::at(NEVER)).await.unwrap();
    let id = Uuid::from_u128(2);
    let refused = engine.send("a", What::Take(3), id).await;
    let added = engine.send("a", What::Add(3), Uuid::from_u128(3)).await;
    let accepted = engine.send("a", What::Take(3), id).await;
    let again = engine.send("a", What::Take(3), id).await;
    assert!(matches!(refused.outcome().await, Err(CommandError::Refused(_))));
    added.outcome().await.unwrap();
    assert_eq!(accepted.outcome().await.unwrap().to_vec(), again.outcome().await.unwrap().to_vec());
}

#[tokio::test]
async fn a_command_id_that_another_stream_has_used_is_taken() {
    let engine = Engine::start(&Cut::at(NEVER)).await.unwrap();
    let id = Uuid::from_u128(7);
    let first = engine.send("a", What::Add(1), id).await;
    let other = engine.send("b", What::Add(1), id).await;
    let after = engine.send("b", What::Add(2), Uuid::from_u128(8)).await;
    let stream = first.outcome().await.unwrap()[0].stream.clone();
    assert_eq!(other.outcome().await.unwrap_err(), CommandError::IdTaken { stream: stream.clone() });
    assert_eq!(after.outcome().await.unwrap()[0].version.get(), 1);
    let later = engine.send("b", What::Add(1), id).await.outcome().await;
    assert_eq!(later.unwrap_err(), CommandError::IdTaken { stream });
    assert_eq!(engine.log().await.len(), 2);
}

struct Engine {
    store: WatchedStore<Changed>,
    supervisor: Supervisor,
    checkpoints: Checkpoints,
    commands: CommandHandler<Shelf>,
}

impl Engine {
    /// The command handler only.
    fn without_process(cut: &Cut<Changed>) -> Self {
        let store = cut.store.clone();
        let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
        let clock = Arc::new(Clock::simulated(0));
        let commands = CommandHandler::start(store.clone(), clock, Limits::default(), &supervisor);
        Self { store, supervisor, checkpoints, commands }
    }

    /// `None` if the store does not answer.
    async fn start(cut: &Cut<Changed>) -> Option<Self> {
        let engine = Self::without_process(cut);
        let Self { store, supervisor, checkpoints, commands } = &engine;
        let context = HandlerContext {
            store: cqrs_bank::engine::store::Store::new(store.clone()),
            checkpoints: checkpoints.clone(),
            clock: Arc::new(Clock::simulated(0)),
            lease: Lease::unshared(),
            retry: RetryPolicy::default(),
            supervisor: supervisor.clone(),
        };
        let mut feed = Feed::new(checkpoints.clone());
        let process = Process::new(FillOrders, commands.clone(), context.store.clone(), checkpoints.clone());
        let starting = event_handler::start(move || process.clone(), &context, &mut feed);
        timeout(HOUR, starting).await.ok()?.unwrap();
        feed.start(store.clone(), supervisor);
        Some(engine)
    }

    async fn send(&self, shelf: &str, what: What, command_id: Uuid) -> Pending<Shelf> {
        self.commands.resend(command(shelf, what), Metadata::from_outside(command_id)).await.unwrap()
    }

    /// Sends commands, each after everything that the previous one led to. Stops when the store no longer answers.
    /// Returns whether all were handled.
    async fn run(&self, commands: &[(&str, What)]) -> bool {
        let run = async {
            for (number, (shelf, what)) in (1..).zip(commands) {
                let events = self.send(shelf, *what, id_of(number)).await.outcome().await.unwrap();
                let mut end = events.last().unwrap().position;
                loop {
                    if !self.checkpoints.wait_until_seen(end, HOUR).await.is_empty() {
                        return pending().await;
                    }
                    match self.checkpoints.end_of_conversation(id_of(number)) {
                        Some(further) if further > end => end = further,
                        _ => break,
                    }
                }
            }
        };
        let done = timeout(2 * HOUR, run).await.is_ok();
        if !done {
            self.end().await;
        }
        done
    }

    async fn end(&self) {
        self.supervisor.stop(StopReason::Closed);
        let _ = timeout(Duration::from_millis(1), pending::<()>()).await;
    }

    /// All events without their times.
    async fn log(&self) -> Vec<Event> {
        let mut log = self.store.read_all(Position::START, usize::MAX).await.unwrap().to_vec();
        let Some(time) = log.first().map(|event| event.time) else { return log };
        log.iter_mut().for_each(|event| event.time = time);
        log
    }
}

fn command(shelf: &str, what: What) -> ShelfCommand {
    ShelfCommand { shelf: shelf.to_owned(), what }
}

fn id_of(number: u128) -> Uuid {
    Uuid::from_u128(number << 80)
}
