//! A store on the cluster, as one program has it open.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cqrs_bank::engine::log::{Metadata, StreamId, Version};
use cqrs_bank::engine::runtime::{Clock, IdSource, StopReason, Supervisor};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::nats::{JetStreamLog, JetStreamOptions};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd, PUBLISHED_CAPACITY, Rejected, Store, StoreError};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::moved::{Moved, stream_name};

/// Events go to so many streams in turn.
pub(crate) const STREAMS: usize = 1_000;

/// Where a program has its replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replica {
    File,
    Memory,
}

/// A program's store, with threads, a connection and a replica of its own. It ends with this.
pub(crate) struct Program {
    pub(crate) store: Store<Moved>,
    supervisor: Supervisor,
    directory: TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

impl Program {
    /// With a new replica, which may not hold anything of the log yet.
    pub(crate) async fn open(url: &str, replica: Replica) -> Self {
        let (directory, supervisor) = (tempfile::tempdir().unwrap(), Supervisor::new());
        let store = open(url, replica, directory.path(), &supervisor).await;
        Self { store, supervisor, directory }
    }

    /// Closes it, and opens it again on the file that is its replica.
    pub(crate) async fn reopen(&mut self, url: &str) {
        self.supervisor.stop(StopReason::Closed);
        self.supervisor.ended().await;
        self.supervisor = Supervisor::new();
        self.store = open(url, Replica::File, self.directory.path(), &self.supervisor).await;
    }
}

async fn open(url: &str, replica: Replica, directory: &Path, supervisor: &Supervisor) -> Store<Moved> {
    let options = JetStreamOptions {
        create: true,
        unsafe_cluster: false,
        accept_loss: false,
        domain: "bench",
        witnesses: directory.to_owned(),
    };
    let log = Arc::new(JetStreamLog::open(&url.parse().unwrap(), options, supervisor).await.unwrap());
    if replica == Replica::Memory {
        return MemoryStore::start_replica(supervisor, PUBLISHED_CAPACITY, log).await.unwrap().into();
    }
    let (file, watched) = (directory.join("replica.db"), supervisor.clone());
    let opening = move || SqliteStore::open_replica(&file, SqliteOptions::default(), log, &watched);
    tokio::task::spawn_blocking(opening).await.unwrap().unwrap().into()
}

/// Appends so many events, each by a call of its own, with so many on their way. Returns the time that each took. The
/// streams have `name` in theirs.
pub(crate) async fn fill(store: &Store<Moved>, name: &'static str, in_flight: usize, events: usize) -> Vec<Duration> {
    append_while(store, name, in_flight, move |event| event < events).await
}

/// Appends events with so many on their way, for as long as there are to be more.
pub(crate) async fn append_while(
    store: &Store<Moved>,
    name: &'static str,
    in_flight: usize,
    is_one_more: impl Fn(usize) -> bool + Clone + Send + 'static,
) -> Vec<Duration> {
    let clock = Arc::new(Clock::System);
    let ids = Arc::new(IdSource::random(clock.clone()));
    let next = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for writer in 0..in_flight {
        let (store, clock, ids) = (store.clone(), clock.clone(), ids.clone());
        let (next, is_one_more) = (next.clone(), is_one_more.clone());
        writers.spawn(async move {
            let (mut times, mut version) = (Vec::new(), 0);
            // A stream has one writer: the tasks run on several threads, and would overtake each other.
            let streams = STREAMS.div_ceil(in_flight).max(1);
            loop {
                let event = next.fetch_add(1, Ordering::Relaxed);
                if !is_one_more(event) {
                    return times;
                }
                let stream = writer + version % streams * in_flight;
                let append = Append {
                    stream: StreamId::new(name, &stream_name(stream)),
                    expected_version: Version::new((version / streams) as u64),
                    time: clock.now(),
                    metadata: Metadata::from_outside(ids.next()),
                    events: vec![Moved::new(stream, event as u64)],
                    snapshot: None,
                    expected_end: ExpectedEnd::ANY,
                };
                version += 1;
                let start = Instant::now();
                until_stored(&store, &append).await;
                times.push(start.elapsed());
            }
        });
    }
    writers.join_all().await.concat()
}

/// Appends again where the answer is to do so, as a command handler does.
async fn until_stored(store: &Store<Moved>, append: &Append<Moved>) {
    loop {
        match store.append(vec![append.clone()]).await {
            Ok(answers) => match answers.into_iter().next().unwrap() {
                Ok(_) | Err(Rejected::Repeated(_)) => return,
                Err(Rejected::Conflict(_)) => {}
            },
            Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
