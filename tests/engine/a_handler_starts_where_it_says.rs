//! A handler without a checkpoint starts with the first event or with the next one, and misses no event after its
//! start.

use std::sync::{Arc, Mutex};

use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{self, EventHandler, Failure, HandlerContext, StartFrom};
use cqrs_bank::engine::feed::Feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, MAX_WAIT};
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::runtime::{Clock, Supervisor};
use cqrs_bank::engine::store::memory::MemoryStore;

use crate::happened::Happened;
use crate::scripted::{POLICY, append};

type Seen = Arc<Mutex<Vec<u64>>>;

#[tokio::test(start_paused = true)]
async fn at_the_beginning_or_at_the_end() {
    for run in 0..50 {
        let supervisor = Supervisor::new();
        let store = MemoryStore::start(&supervisor);
        append(&store, 1..=2).await;
        for _ in 0..run {
            // The tasks interleave differently each time.
            tokio::task::yield_now().await;
        }
        let checkpoints = Checkpoints::new();
        let context = HandlerContext {
            store: store.clone().into(),
            checkpoints: checkpoints.clone(),
            clock: Arc::new(Clock::System),
            lease: Lease::unshared(),
            retry: POLICY,
            supervisor: supervisor.clone(),
        };
        let mut feed = Feed::new(checkpoints.clone());
        let (all, new) = (Seen::default(), Seen::default());
        let (make_all, make_new) = (all.clone(), new.clone());
        event_handler::start(move || Sees::<true>(make_all.clone()), &context, &mut feed).await.unwrap();
        event_handler::start(move || Sees::<false>(make_new.clone()), &context, &mut feed).await.unwrap();
        feed.start(store.clone(), &supervisor);
        let end = append(&store, 3..=4).await;
        assert_eq!(checkpoints.wait_until_seen(end, MAX_WAIT).await, Vec::<&str>::new());
        assert_eq!(all.lock().unwrap()[..], [1, 2, 3, 4]);
        assert_eq!(new.lock().unwrap()[..], [3, 4]);
    }
}

struct Sees<const ALL: bool>(Seen);

impl<const ALL: bool> EventHandler<Happened> for Sees<ALL> {
    const NAME: &'static str = if ALL { "all" } else { "new" };
    const AWAITED: bool = true;
    const START: StartFrom = if ALL { StartFrom::Origin } else { StartFrom::Now };

    fn filter(&self) -> impl Fn(&RecordedEvent<Happened>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, event: &RecordedEvent<Happened>) -> Result<(), Failure> {
        self.0.lock().unwrap().push(event.data.0);
        Ok(())
    }
}
