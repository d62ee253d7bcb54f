//! A projection added to a running feed has caught up when the call returns, and can be removed. If it panics
//! repeatedly, it stops alone. A projection that was not added, or a feed that did not start, leaves nothing behind
//! that others wait for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{self, EventHandler, Failure, HandlerContext, StartFrom};
use cqrs_bank::engine::feed::checkpoints::HandlerState;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, MAX_WAIT};
use cqrs_bank::engine::feed::{Feed, FeedHandle, JoinError, MAX_ATTEMPTS, RemoveError};
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::projection::{Projection, ReadModel};
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::EventStore;
use cqrs_bank::engine::store::memory::MemoryStore;
use tokio::sync::mpsc;

use crate::callers::{new_runtime, without_runtime};
use crate::happened::Happened;
use crate::scripted::{POLICY, append};

const NOBODY: &[&str] = &[];

/// The sum of all numbers.
#[derive(Default)]
struct Sum(u64);

impl Projection<Happened> for Sum {
    const NAME: &'static str = "sum";

    fn project(&mut self, event: &RecordedEvent<Happened>) {
        self.0 += event.data.0;
    }
}

/// The sum of all numbers; panics at this one.
#[derive(Default)]
struct CannotTake<const NUMBER: u64>(u64);

impl<const NUMBER: u64> Projection<Happened> for CannotTake<NUMBER> {
    const NAME: &'static str = "cannot take it";

    fn project(&mut self, event: &RecordedEvent<Happened>) {
        self.0 += event.data.0;
        assert!(event.data.0 != NUMBER, "not {NUMBER}");
    }
}

struct Fed {
    store: MemoryStore<Happened>,
    supervisor: Supervisor,
    checkpoints: Checkpoints,
    feed: FeedHandle<Happened>,
    sum: ReadModel<Sum>,
}

impl Fed {
    fn start() -> Self {
        let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
        let store = MemoryStore::start(&supervisor);
        let mut feed = Feed::new(checkpoints.clone());
        let sum = feed.add();
        let feed = feed.start(store.clone(), &supervisor);
        Self { store, supervisor, checkpoints, feed, sum }
    }

    /// Returns the handlers that have not seen the events in time.
    async fn happens(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<&'static str> {
        let end = append(&self.store, numbers).await;
        self.checkpoints.wait_until_seen(end, MAX_WAIT).await
    }

    fn names(&self) -> Vec<&'static str> {
        self.checkpoints.handlers().iter().map(|handler| handler.name).collect()
    }

    fn context(&self) -> HandlerContext<Happened> {
        HandlerContext {
            store: self.store.clone().into(),
            checkpoints: self.checkpoints.clone(),
            clock: Arc::new(Clock::System),
            lease: Lease::unshared(),
            retry: POLICY,
            supervisor: self.supervisor.clone(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_panics_time_and_again_stops_alone_and_is_shown_as_stopped() {
    let fed = Fed::start();
    assert_eq!(fed.happens([1, 2]).await, NOBODY);
    let cannot = fed.feed.add::<CannotTake<5>, _>(&fed.store).await.unwrap();
    assert_eq!(cannot.read(|cannot| cannot.0), 3);
    for numbers in [3..=3, 4..=6, 7..=9] {
        assert_eq!(fed.happens(numbers).await, NOBODY);
    }
    assert_eq!(fed.sum.read(|sum| sum.0), 45);
    assert_eq!(fed.supervisor.reason(), None);
    let [sum, stopped] = &fed.checkpoints.handlers()[..] else { panic!("{:?}", fed.checkpoints) };
    assert_eq!((sum.name, sum.checkpoint, sum.condition.state), ("sum", Position::new(9), HandlerState::Running));
    assert_eq!(
        (stopped.name, stopped.checkpoint, stopped.condition.state),
        ("cannot take it", Position::new(4), HandlerState::Stopped)
    );
    assert_eq!(stopped.condition.attempts, MAX_ATTEMPTS);
    assert_eq!(stopped.condition.last_error.as_deref(), Some("not 5"));
    assert_eq!(cannot.read(|cannot| cannot.0), 1 + 2 + 3 + 4, "what it knew before, and nothing half changed");
    assert_eq!(fed.checkpoints.wait_until_projections_have_seen(Position::new(9), MAX_WAIT).await, NOBODY);

    assert_eq!(fed.feed.rebuild(mpsc::channel(1).0).await.unwrap(), Position::new(9));
    assert_eq!(fed.sum.read(|sum| sum.0), 45);
    fed.feed.remove("cannot take it").await.unwrap();
    assert_eq!(fed.names(), ["sum"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_the_feed_began_with_stops_everything() {
    let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
    let store = MemoryStore::start(&supervisor);
    let mut feed = Feed::new(checkpoints.clone());
    feed.add::<CannotTake<1>>();
    feed.start(store.clone(), &supervisor);
    append(&store, [1]).await;
    let reason = StopReason::Panicked { task: "cannot take it", message: "not 1".to_owned() };
    assert_eq!(supervisor.stopped().await, reason);
}

#[tokio::test(start_paused = true)]
async fn one_that_was_removed_is_fed_no_more_and_may_come_again() {
    let fed = Fed::start();
    let cannot = fed.feed.add::<CannotTake<9>, _>(&fed.store).await.unwrap();
    assert_eq!(fed.happens([1, 2]).await, NOBODY);
    fed.feed.remove("cannot take it").await.unwrap();
    assert_eq!(fed.names(), ["sum"]);
    assert_eq!(fed.happens([3]).await, NOBODY);
    assert_eq!(cannot.read(|cannot| cannot.0), 3);
    let again = fed.feed.add::<CannotTake<9>, _>(&fed.store).await.unwrap();
    assert_eq!(again.read(|again| again.0), 6);
    assert_eq!(fed.happens([4]).await, NOBODY);
    assert_eq!((again.read(|again| again.0), cannot.read(|cannot| cannot.0)), (10, 3));

    for name in ["sum", "nobody"] {
        let not_added = RemoveError::NotAdded { name: name.to_owned() };
        assert_eq!(fed.feed.remove(name).await, Err(not_added));
    }
    fed.supervisor.stop(StopReason::Closed);
    assert_eq!(fed.feed.remove("cannot take it").await, Err(RemoveError::Stopped));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_added_is_not_waited_for() {
    let fed = Fed::start();
    assert_eq!(fed.happens([1, 2]).await, NOBODY);
    let refused = fed.feed.add::<CannotTake<2>, _>(&fed.store).await.err();
    assert_eq!(refused, Some(JoinError::Panicked { message: "not 2".to_owned() }));
    assert_eq!(fed.names(), ["sum"]);

    // The caller is cancelled at each await point.
    for polls in 0..20 {
        let mut adding = pin!(fed.feed.add::<CannotTake<9>, _>(&fed.store));
        for _ in 0..polls {
            let polled = std::future::poll_fn(|context| Poll::Ready(adding.as_mut().poll(context))).await;
            if polled.is_ready() {
                fed.feed.remove("cannot take it").await.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(fed.happens([3]).await, NOBODY);
}

#[test]
fn a_feed_that_cannot_start_is_not_waited_for() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
    let store: MemoryStore<Happened> = runtime.block_on(async { MemoryStore::start(&supervisor) });
    let mut feed = Feed::new(checkpoints.clone());
    feed.add::<Sum>();
    assert_eq!(checkpoints.handlers().len(), 1);
    let starting = catch_unwind(AssertUnwindSafe(|| feed.start(store, &supervisor)));
    assert!(starting.is_err(), "there is no runtime here");
    assert_eq!(checkpoints.handlers(), []);
    assert!(checkpoints.is_seen_by_all(Position::new(1)));
}

/// Records the events it has seen.
#[derive(Clone, Default)]
struct Sees(Arc<Mutex<Vec<u64>>>);

impl EventHandler<Happened> for Sees {
    const NAME: &'static str = "sees";
    const AWAITED: bool = true;
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<Happened>) -> bool + Send + Sync + 'static {
        |event| event.data.0.is_multiple_of(2)
    }

    async fn handle(&mut self, event: &RecordedEvent<Happened>) -> Result<(), Failure> {
        self.0.lock().unwrap().push(event.data.0);
        Ok(())
    }
}

#[test]
fn from_outside_of_any_runtime_they_are_added() {
    let runtime = new_runtime();
    let fed = runtime.block_on(async { Fed::start() });
    runtime.block_on(fed.happens([1, 2]));
    let added = without_runtime(fed.feed.add::<CannotTake<9>, _>(&fed.store)).unwrap();
    assert_eq!(added.read(|added| added.0), 3);

    let seen = Sees::default();
    let (make, context) = (seen.clone(), fed.context());
    without_runtime(event_handler::join(move || make.clone(), &context, &fed.feed)).unwrap();
    assert_eq!(fed.names(), ["sum", "cannot take it", "sees"]);
    assert_eq!(runtime.block_on(fed.happens([3, 4, 6])), NOBODY);
    assert_eq!(*seen.0.lock().unwrap(), [2, 4, 6]);
}

#[tokio::test]
async fn a_handler_that_is_waited_for_has_seen_the_past_when_it_is_there() {
    let fed = Fed::start();
    for thousand in 0..100 {
        append(&fed.store, thousand * 1_000..(thousand + 1) * 1_000).await;
    }
    let seen = Sees::default();
    let (make, context) = (seen.clone(), fed.context());
    event_handler::join(move || make.clone(), &context, &fed.feed).await.unwrap();
    let late = fed.feed.add::<CannotTake<100_001>, _>(&fed.store).await.unwrap();
    assert_eq!(seen.0.lock().unwrap().len(), 50_000);
    assert_eq!(late.read(|late| late.0), (0..100_000).sum::<u64>());
    // The next caller waits for nothing that was added before.
    let end = fed.store.end().await.unwrap();
    assert!(fed.checkpoints.is_seen_by_all(end));
    assert_eq!(fed.happens([100_000]).await, NOBODY);
    assert_eq!(seen.0.lock().unwrap().last(), Some(&100_000));
}

#[tokio::test(start_paused = true)]
async fn an_observer_hears_of_what_is_new_once_it_is_known() {
    static HEARD: AtomicU64 = AtomicU64::new(0);
    let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
    let store = MemoryStore::start(&supervisor);
    append(&store, [1, 2]).await;
    let mut feed = Feed::new(checkpoints.clone());
    let sum: ReadModel<Sum> = feed.add();
    feed.observe({
        let sum = sum.clone();
        move |event| {
            assert!(sum.read(|sum| sum.0) >= event.data.0);
            HEARD.fetch_add(event.data.0, Ordering::Relaxed);
        }
    });
    feed.restore(&store).await.unwrap();
    let feed = feed.start(store.clone(), &supervisor);
    let happens = async |number| {
        let end = append(&store, [number]).await;
        assert_eq!(checkpoints.wait_until_seen(end, Duration::from_secs(1)).await, NOBODY);
        HEARD.load(Ordering::Relaxed)
    };
    assert_eq!(happens(10).await, 10, "and not what had happened");
    let held = feed.hold_handlers().await.unwrap();
    assert_eq!(happens(20).await, 10, "what is imported is not new");
    drop(held);
    assert_eq!(happens(40).await, 50);
    assert_eq!(sum.read(|sum| sum.0), 1 + 2 + 10 + 20 + 40);
    assert_eq!(supervisor.reason(), None);
}
