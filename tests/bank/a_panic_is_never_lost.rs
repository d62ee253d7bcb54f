//! A panic is reported, and leads to the right answer or to a clear error: no caller waits for ever, and no state is
//! left half changed.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cqrs_bank::bank::{Bank, StoreUrl};
use cqrs_bank::engine::command_handler::{CommandError, CommandHandler, Limits, Pending};
use cqrs_bank::engine::domain::Aggregate as _;
use cqrs_bank::engine::feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, MAX_WAIT};
use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use cqrs_bank::engine::projection::Projection;
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::{Append, Committed, EventStore, ExpectedEnd, StoreError};
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

use crate::accounts::{account, all_balances, money};
use crate::counter::{Added, Counter, OtherTotal, What, counter};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_projection_that_panics_once_is_folded_again_and_ends_right() {
    static PANICS_LEFT: AtomicU64 = AtomicU64::new(1);

    #[derive(Default)]
    struct PanicsOnce(Sum);

    impl Projection<Added> for PanicsOnce {
        const NAME: &'static str = "panics once";

        fn project(&mut self, event: &RecordedEvent<Added>) {
            self.0.add(event);
            let panics = event.position.get() == 3 && take_one(&PANICS_LEFT);
            assert!(!panics, "halfway through");
        }
    }

    let engine = Engine::start();
    let projection =
        feed::start::<_, PanicsOnce, _>(engine.store.clone(), &engine.checkpoints, &engine.supervisor).await.unwrap();
    for number in 1..=6 {
        engine.handle("a", What::Add(number)).await.unwrap();
        engine.seen_by_all().await;
        assert_eq!(projection.read(|read| read.0.total), (1..=number).sum::<u64>());
    }
    assert_eq!(projection.read(|read| read.0.events), 6);
    assert_eq!(PANICS_LEFT.load(Ordering::Relaxed), 0, "it has panicked");
    assert_eq!(engine.supervisor.reason(), None);
}

/// All events come in one page, as when a projection starts on an existing log.
#[tokio::test(start_paused = true)]
async fn a_projection_may_panic_once_at_each_of_many_events() {
    static LAST_PANIC: AtomicU64 = AtomicU64::new(0);

    #[derive(Default)]
    struct PanicsOnceEach(Sum);

    impl Projection<Added> for PanicsOnceEach {
        const NAME: &'static str = "panics once each";

        fn project(&mut self, event: &RecordedEvent<Added>) {
            self.0.add(event);
            let position = event.position.get();
            assert!(LAST_PANIC.fetch_max(position, Ordering::Relaxed) >= position, "at {position} for the first time");
        }
    }

    let engine = Engine::start();
    for number in 1..=10 {
        engine.handle("a", What::Add(number)).await.unwrap();
    }
    let projection = feed::start::<_, PanicsOnceEach, _>(engine.store.clone(), &engine.checkpoints, &engine.supervisor)
        .await
        .unwrap();
    engine.seen_by_all().await;
    assert_eq!(projection.read(|read| (read.0.total, read.0.events)), (55, 10));
    assert_eq!(engine.supervisor.reason(), None);
}

#[tokio::test(start_paused = true)]
async fn a_projection_that_always_panics_stops_everything_and_says_why() {
    #[derive(Default)]
    struct PanicsAlways;

    impl Projection<Added> for PanicsAlways {
        const NAME: &'static str = "panics always";

        fn project(&mut self, event: &RecordedEvent<Added>) {
            assert!(event.position.get() < 3, "cannot take {:?}", event.data);
        }
    }

    let engine = Engine::start();
    feed::start::<_, PanicsAlways, _>(engine.store.clone(), &engine.checkpoints, &engine.supervisor).await.unwrap();
    let mut sent = Vec::new();
    for number in 1..=5 {
        sent.push(engine.send("a", What::Add(number)).await);
    }
    let reason = StopReason::Panicked { task: "panics always", message: "cannot take Number(3)".into() };
    assert_eq!(timeout(SOON, engine.supervisor.stopped()).await.unwrap(), reason);
    assert_eq!(reason.to_string(), "task panics always panicked: cannot take Number(3)");
    assert_eq!(engine.supervisor.reason(), Some(reason));

    for pending in sent {
        let outcome = timeout(SOON, pending.outcome()).await.unwrap();
        assert!(matches!(outcome, Ok(_) | Err(CommandError::Stopped)), "{outcome:?}");
    }
    let late = timeout(SOON, engine.commands.send(counter("a", What::Add(6)), metadata())).await.unwrap();
    assert!(matches!(late, Err(CommandError::Stopped)), "{late:?}");
    assert_eq!(timeout(SOON, engine.store.end()).await.unwrap(), Err(StoreError::Closed));
    let lagging = timeout(SOON, engine.checkpoints.wait_until_seen(Position::new(3), MAX_WAIT)).await.unwrap();
    assert_eq!(lagging, ["panics always"]);
}

#[tokio::test]
async fn a_command_that_panics_is_answered_and_changes_nothing() {
    let engine = Engine::start();
    engine.handle("a", What::Add(1)).await.unwrap();
    for (what, message) in
        [(What::PanicInWeigh, "in weigh"), (What::PanicInExecute, "in execute"), (What::PanicInApply, "in apply")]
    {
        let panicked = engine.handle("a", what).await.unwrap_err();
        assert_eq!(panicked, CommandError::Panicked { message: message.into() });
        engine.handle("a", What::Expect(1)).await.unwrap();
        engine.handle("b", What::Expect(0)).await.unwrap();
    }
    engine.handle("a", What::Add(2)).await.unwrap();
    engine.handle("a", What::Expect(3)).await.unwrap();
    assert_eq!(engine.store.end().await.unwrap(), Position::new(2), "nothing of what panicked is stored");
    assert_eq!(engine.supervisor.reason(), None);
}

/// All commands are decided before the first event is stored.
#[tokio::test]
async fn commands_decided_together_with_one_that_panics_are_decided_right() {
    let engine = Engine::start();
    for panics in [What::PanicInWeigh, What::PanicInExecute, What::PanicInApply] {
        for (number, commands) in [
            vec![What::Add(1), What::Add(2), panics, What::Expect(3)],
            vec![What::Add(1), panics, What::Add(2), What::Expect(3)],
            vec![panics, What::Add(1), panics, panics, What::Expect(1), What::Add(2)],
        ]
        .into_iter()
        .enumerate()
        {
            let name = format!("{panics:?} {number}");
            let mut sent = Vec::new();
            for what in commands {
                sent.push((what, engine.send(&name, what).await, engine.send("other", What::Add(1)).await));
            }
            for (what, pending, other) in sent {
                let outcome = pending.outcome().await;
                if what == panics {
                    assert!(matches!(outcome, Err(CommandError::Panicked { .. })), "{outcome:?}");
                } else {
                    assert!(outcome.is_ok(), "{name}, {what:?}: {outcome:?}");
                }
                other.outcome().await.unwrap();
            }
            engine.handle(&name, What::Expect(3)).await.unwrap();
        }
    }
    engine.handle("other", What::Expect(3 * (4 + 4 + 6))).await.unwrap();
}

#[tokio::test]
async fn a_history_that_cannot_be_replayed_spoils_its_own_aggregate_only() {
    let engine = Engine::start();
    let broken = Append {
        stream: StreamId::new(Counter::CATEGORY, &"broken"),
        expected_version: Version::START,
        time: Timestamp::from_micros(0),
        metadata: metadata(),
        events: vec![Added::Number(1), Added::Panic],
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    };
    engine.store.append(vec![broken]).await.unwrap().remove(0).unwrap();
    for _ in 0..3 {
        let panicked = engine.handle("broken", What::Add(1)).await.unwrap_err();
        assert_eq!(panicked, CommandError::Panicked { message: "in apply".into() });
        engine.handle("whole", What::Add(1)).await.unwrap();
    }
    engine.handle("whole", What::Expect(3)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_command_handler_that_panics_outside_the_aggregate_stops_everything_and_says_why() {
    let engine = Engine::start();
    let before = engine.send("a", What::Add(1)).await;
    let panics = engine.send("a", What::PanicInTarget).await;
    let after = engine.send("b", What::Add(1)).await;
    for pending in [before, panics, after] {
        let outcome = timeout(SOON, pending.outcome()).await.unwrap();
        assert_eq!(outcome.unwrap_err(), CommandError::Stopped);
    }
    let reason = StopReason::Panicked { task: "command handler", message: "in target".into() };
    assert_eq!(timeout(SOON, engine.supervisor.stopped()).await.unwrap(), reason);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_stops_its_group() {
    let panics: [(fn(), &str); 3] = [
        (|| panic!("in words"), "in words"),
        (|| panic!("in {} words", 3), "in 3 words"),
        (|| std::panic::panic_any(3), "a panic without a message"),
    ];
    for (panic, message) in panics {
        let supervisor = Supervisor::new();
        let (running, other_ended) = oneshot::channel::<()>();
        supervisor.spawn("other", async move {
            let _running = running;
            pending().await
        });
        supervisor.spawn("panics", async move {
            panic();
            Ok(())
        });
        let reason = StopReason::Panicked { task: "panics", message: message.into() };
        assert_eq!(timeout(SOON, supervisor.stopped()).await.unwrap(), reason);
        timeout(SOON, other_ended).await.unwrap().unwrap_err();

        supervisor.stop(StopReason::Closed);
        assert_eq!(supervisor.reason(), Some(reason), "the first reason stays");
        let (running, late_ended) = oneshot::channel::<()>();
        supervisor.spawn("late", async move {
            let _running = running;
            pending().await
        });
        timeout(SOON, late_ended).await.unwrap().unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_gives_up_stops_its_group_and_one_that_ends_does_not() {
    let supervisor = Supervisor::new();
    let (ending, ended) = oneshot::channel::<()>();
    supervisor.spawn("ends", async move {
        drop(ending);
        Ok(())
    });
    ended.await.unwrap_err();
    tokio::task::yield_now().await;
    assert_eq!(supervisor.reason(), None);

    let reason = StopReason::GaveUp { task: "gives up", message: "no more paper".into() };
    let given = reason.clone();
    supervisor.spawn("gives up", async move { Err(given) });
    assert_eq!(timeout(SOON, supervisor.stopped()).await.unwrap(), reason);
}

#[tokio::test]
async fn a_reader_that_panics_over_the_balances_harms_nobody_else() {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    bank.create(&account("Wolfman")).await.unwrap();
    let reader = tokio::spawn({
        let bank = bank.clone();
        async move { bank.balances().read(|_| panic!("while it reads")) }
    });
    assert!(reader.await.unwrap_err().is_panic());
    bank.deposit(&account("Wolfman"), money(1)).await.unwrap();
    assert_eq!(bank.balances().read(all_balances)["Wolfman"], 1);
}

#[derive(Default)]
struct Sum {
    total: u64,
    events: u64,
}

impl Sum {
    fn add(&mut self, event: &RecordedEvent<Added>) {
        self.events += 1;
        if let Added::Number(number) = event.data {
            self.total += number;
        }
    }
}

fn take_one(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

struct Engine {
    supervisor: Supervisor,
    checkpoints: Checkpoints,
    store: MemoryStore<Added>,
    commands: CommandHandler<Counter>,
}

impl Engine {
    fn start() -> Self {
        let supervisor = Supervisor::new();
        let store = MemoryStore::start(&supervisor);
        let clock = Arc::new(Clock::System);
        let commands = CommandHandler::start(store.clone(), clock, Limits::default(), &supervisor);
        Self { checkpoints: Checkpoints::new(), supervisor, store, commands }
    }

    async fn send(&self, name: &str, what: What) -> Pending<Counter> {
        self.commands.send(counter(name, what), metadata()).await.unwrap()
    }

    async fn handle(&self, name: &str, what: What) -> Result<Committed<Added>, CommandError<OtherTotal>> {
        self.send(name, what).await.outcome().await
    }

    async fn seen_by_all(&self) {
        let end = self.store.end().await.unwrap();
        assert_eq!(self.checkpoints.wait_until_seen(end, MAX_WAIT).await, Vec::<&str>::new());
    }
}

fn metadata() -> Metadata {
    Metadata::from_outside(Uuid::new_v4())
}
