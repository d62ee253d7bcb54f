//! A handler gets an event only after the projections have folded it, so that its lookups include the event.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};

use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{self, EventHandler, Failure, HandlerContext, ParkedError, StartFrom};
use cqrs_bank::engine::feed::Feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, MAX_WAIT};
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::projection::Projection;
use cqrs_bank::engine::runtime::{Clock, Supervisor};
use cqrs_bank::engine::store::EventStore;
use cqrs_bank::engine::store::memory::MemoryStore;
use tokio::sync::watch;
use tokio::task::block_in_place;

use crate::happened::Happened;
use crate::scripted::{POLICY, append};

static SLOW: OnceLock<(Sender<u64>, Mutex<Receiver<()>>)> = OnceLock::new();

/// Folds the third event on a signal.
#[derive(Default)]
struct Slow;

impl Projection<Happened> for Slow {
    const NAME: &'static str = "slow";

    fn project(&mut self, event: &RecordedEvent<Happened>) {
        let (begun, go_on) = SLOW.get().unwrap();
        begun.send(event.data.0).unwrap();
        if event.data.0 == 3 {
            block_in_place(|| go_on.lock().unwrap().recv().unwrap());
        }
    }
}

/// Handles events on a signal.
struct Handler {
    handled: watch::Sender<Vec<u64>>,
    may_go_on: watch::Receiver<bool>,
}

impl EventHandler<Happened> for Handler {
    const NAME: &'static str = "handler";
    const AWAITED: bool = true;
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<Happened>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, event: &RecordedEvent<Happened>) -> Result<(), Failure> {
        self.may_go_on.wait_for(|may| *may).await.unwrap();
        self.handled.send_modify(|handled| handled.push(event.data.0));
        Ok(())
    }
}

/// The handler is slow at the first event, and finds three in the store when it reads on; but the projection is slow at
/// the third.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn even_if_the_event_is_there_to_be_read() {
    let ((begun, has_begun), (go_on, may_go_on)) = (channel(), channel());
    SLOW.set((begun, Mutex::new(may_go_on))).unwrap();
    let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
    let store = MemoryStore::start(&supervisor);
    let mut feed = Feed::new(checkpoints.clone());
    feed.add::<Slow>();
    let context = HandlerContext {
        store: store.clone().into(),
        checkpoints: checkpoints.clone(),
        clock: Arc::new(Clock::System),
        lease: Lease::unshared(),
        retry: POLICY,
        supervisor: supervisor.clone(),
    };
    let (handled, mut seen) = watch::channel(Vec::new());
    let (handle, may_handle) = watch::channel(false);
    let make = move || Handler { handled: handled.clone(), may_go_on: may_handle.clone() };
    let control = event_handler::start(make, &context, &mut feed).await.unwrap();
    feed.start(store.clone(), &supervisor);
    for number in 1..=3 {
        append(&store, [number]).await;
        assert_eq!(block_in_place(|| has_begun.recv().unwrap()), number);
    }
    handle.send_replace(true);
    seen.wait_for(|handled| handled.len() >= 2).await.unwrap();
    assert_eq!(control.skip(9).await, Err(ParkedError::NotParked), "the handler has nothing else to do");
    assert_eq!(seen.borrow()[..], [1, 2]);
    go_on.send(()).unwrap();
    let end = store.end().await.unwrap();
    assert_eq!(checkpoints.wait_until_seen(end, MAX_WAIT).await, Vec::<&str>::new());
    assert_eq!(seen.borrow()[..], [1, 2, 3]);
}
