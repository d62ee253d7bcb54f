//! This store, with so many appends on their way at the same time.
//!
//! Each is a call of its own from a task of its own, with an answer of its own. The bank is kinder to its store: its
//! command handler puts what has queued up into one call.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cqrs_bank::engine::log::{Metadata, StreamId, Version};
use cqrs_bank::engine::runtime::{Clock, IdSource, StopReason, Supervisor};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore, ExpectedEnd};
use tokio::task::JoinSet;

use crate::moved::{Moved, stream_name};

/// Events go to so many streams in turn.
const STREAMS: usize = 1_000;

pub(crate) struct OpenStore {
    pub(crate) store: SqliteStore<Moved>,
    supervisor: Supervisor,
}

impl OpenStore {
    /// Closes it, and waits until its threads and its file are gone: whoever opens a file that others have open waits for
    /// those to know of it.
    pub(crate) async fn close(self) {
        let supervisor = self.supervisor.clone();
        drop(self);
        supervisor.ended().await;
    }
}

impl Drop for OpenStore {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

/// To be called within a runtime.
pub(crate) fn open(path: &Path) -> OpenStore {
    let supervisor = Supervisor::new();
    let store = SqliteStore::open(path, SqliteOptions::default(), &supervisor).unwrap();
    OpenStore { store, supervisor }
}

pub(crate) fn on_current_thread<R>(run: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run)
}

/// Appends `events` events to an empty store; answers with the whole time.
pub(crate) fn run(directory: &Path, in_flight: usize, events: usize) -> Duration {
    on_current_thread(async {
        let opened = open(&directory.join("store.db"));
        let start = Instant::now();
        fill(&opened.store, in_flight, events).await;
        start.elapsed()
    })
}

/// Appends events, from within a runtime of one thread; answers with the time that each append took.
pub(crate) async fn fill(store: &SqliteStore<Moved>, in_flight: usize, events: usize) -> Vec<Duration> {
    let clock = Arc::new(Clock::System);
    let ids = Arc::new(IdSource::random(clock.clone()));
    let streams: Arc<[StreamId]> = (0..STREAMS).map(|stream| StreamId::new("moved", &stream_name(stream))).collect();
    // Events are sent in the order of their numbers, for whoever takes a number sends before anyone else runs.
    let next = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..in_flight {
        let (store, clock, ids) = (store.clone(), clock.clone(), ids.clone());
        let (streams, next) = (streams.clone(), next.clone());
        writers.spawn(async move {
            let mut times = Vec::with_capacity(events / in_flight);
            loop {
                let event = next.fetch_add(1, Ordering::Relaxed);
                if event >= events {
                    return times;
                }
                let (stream, version) = (event % STREAMS, event / STREAMS);
                let append = Append {
                    stream: streams[stream].clone(),
                    expected_version: Version::new(version as u64),
                    time: clock.now(),
                    metadata: Metadata::from_outside(ids.next()),
                    events: vec![Moved::new(stream, event as u64)],
                    snapshot: None,
                    expected_end: ExpectedEnd::ANY,
                };
                let start = Instant::now();
                store.append(vec![append]).await.unwrap().remove(0).unwrap();
                times.push(start.elapsed());
            }
        });
    }
    writers.join_all().await.concat()
}
