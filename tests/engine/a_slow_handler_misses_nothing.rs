//! A busy handler gets all events afterwards, in order: those buffered for it, and those it has to read from the store.

use std::sync::{Arc, Mutex};

use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{self, EventHandler, Failure, HandlerContext, StartFrom};
use cqrs_bank::engine::feed::Feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, MAX_WAIT};
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::runtime::{Clock, Supervisor};
use cqrs_bank::engine::store::EventStore as _;
use tokio::sync::{Semaphore, watch};

use crate::happened::Happened;
use crate::scripted::{POLICY, append, nothing_left_to_do};
use crate::watched_store::{Step, WatchedStore};

/// Handles one event per permit.
#[derive(Clone)]
struct Slow {
    permits: Arc<Semaphore>,
    handled: Arc<Mutex<Vec<u64>>>,
}

impl EventHandler<Happened> for Slow {
    const NAME: &'static str = "slow";
    const AWAITED: bool = true;
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<Happened>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, event: &RecordedEvent<Happened>) -> Result<(), Failure> {
        self.permits.acquire().await.unwrap().forget();
        self.handled.lock().unwrap().push(event.data.0);
        Ok(())
    }
}

/// The handler on a store whose reads of the whole log can be held up.
struct Engine {
    slow: Slow,
    checkpoints: Checkpoints,
    store: WatchedStore<Happened>,
    held_up: watch::Sender<bool>,
}

impl Engine {
    async fn start() -> Self {
        let (held_up, may_read) = watch::channel(false);
        let store = WatchedStore::start(move |step| {
            let mut may_read = may_read.clone();
            async move {
                if step == Step::Before("read_all") {
                    may_read.wait_for(|held_up| !held_up).await.unwrap();
                }
            }
        });
        let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
        let context = HandlerContext {
            store: cqrs_bank::engine::store::Store::new(store.clone()),
            checkpoints: checkpoints.clone(),
            clock: Arc::new(Clock::simulated(0)),
            lease: Lease::unshared(),
            retry: POLICY,
            supervisor: supervisor.clone(),
        };
        let slow = Slow { permits: Arc::new(Semaphore::new(0)), handled: Arc::default() };
        let mut feed = Feed::new(checkpoints.clone());
        let handler = slow.clone();
        event_handler::start(move || handler.clone(), &context, &mut feed).await.unwrap();
        feed.start(store.clone(), &supervisor);
        nothing_left_to_do().await;
        Self { slow, checkpoints, store, held_up }
    }

    /// Appends each number in its own commit.
    async fn happen(&self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            append(&self.store, [number]).await;
            nothing_left_to_do().await;
        }
    }

    async fn handle(&self, events: usize) {
        self.slow.permits.add_permits(events);
        nothing_left_to_do().await;
    }

    async fn assert_handled(&self, expected: &[u64]) {
        let end = self.store.end().await.unwrap();
        assert_eq!(self.checkpoints.wait_until_seen(end, MAX_WAIT).await, [""; 0]);
        assert_eq!(*self.slow.handled.lock().unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_at_hand_comes_after_what_is_not() {
    let engine = Engine::start().await;
    engine.happen(1..=3).await;
    engine.handle(1).await;
    // The second event was buffered and is being handled, the third was not, the fourth is.
    engine.happen([4]).await;
    engine.handle(3).await;
    engine.assert_handled(&[1, 2, 3, 4]).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_read_meanwhile_is_at_hand_no_more() {
    let engine = Engine::start().await;
    engine.happen(1..=3).await;
    engine.held_up.send_replace(true);
    engine.handle(2).await;
    // The handler reads the third event, and with it the fourth, which is buffered by then.
    engine.happen([4]).await;
    engine.held_up.send_replace(false);
    engine.happen([5]).await;
    engine.handle(3).await;
    engine.assert_handled(&[1, 2, 3, 4, 5]).await;
}
