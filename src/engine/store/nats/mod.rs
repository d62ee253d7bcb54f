//! The log on a NATS JetStream cluster: one stream, whose messages are group commits.
//!
//! The client has a thread of its own: neither a busy runtime of the program nor a paused clock keeps it from answering the
//! cluster. What it needs of JetStream are a few requests, which `api` has; everything that the cluster says is checked
//! here and by the readers of the entries.

mod api;
mod batch;
mod check;
mod cluster;
mod connection;
mod created;
mod end;
mod follower;
mod offer;
mod publish;
mod received;
mod records;
mod requests;
mod shared;
mod token;
mod turns;
mod witness;

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use self::connection::Connection;
use self::follower::Follower;
use self::received::Received;
use self::records::Records;
use self::turns::Turns;
use self::witness::Witness;
use super::cluster_url::ClusterUrl;
use super::commit_log::{Cluster, CommitLog, Entry, Later, LogError, Offered, Replicated, SharedRecords};
use super::open_cluster_error::OpenClusterError;
use crate::engine::runtime::Supervisor;

/// How a log is opened.
#[derive(Clone, Debug)]
pub struct JetStreamOptions {
    /// Makes the stream if there is none and no end of it is remembered.
    pub create: bool,
    /// Opens a stream that may lose events.
    pub unsafe_cluster: bool,
    /// Opens a log that has lost acknowledged events. They stay lost.
    pub accept_loss: bool,
    /// What the events are about.
    pub domain: &'static str,
    /// The directory of the files that remember the ends of logs.
    pub witnesses: PathBuf,
}

/// The maximum share of a message that is an entry: the rest is for headers.
const FOR_HEADERS: usize = 1_024;

/// A log on a cluster.
#[derive(Debug)]
pub struct JetStreamLog {
    name: String,
    most_bytes: usize,
    connection: Arc<Connection>,
    received: Arc<Received>,
    records: Records,
    turns: Turns,
    witness: Mutex<Witness>,
    accept_loss: bool,
    follower: Mutex<Option<Follower>>,
    runtime: Handle,
}

/// What a client does before it ends.
type AtEnd = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long that may take.
const END_WITHIN: Duration = Duration::from_secs(1);

impl JetStreamLog {
    /// Connects to the cluster, and checks the stream or makes it. The connection ends with the supervisor.
    ///
    /// # Errors
    ///
    /// Returns [`OpenClusterError`] if the log cannot be used.
    pub async fn open(
        url: &ClusterUrl,
        options: JetStreamOptions,
        supervisor: &Supervisor,
    ) -> Result<Self, OpenClusterError> {
        let (runtime, at_end) = start_thread(supervisor).map_err(|error| OpenClusterError::Failed(error.into()))?;
        let JetStreamOptions { create, unsafe_cluster, accept_loss, domain, witnesses } = options;
        let url = url.clone();
        let opening = runtime.spawn(async move {
            let connection = Connection::open(&url).await?;
            let name = connection.log_name();
            let witness = Witness::open(&witnesses, &name);
            let mut witness = witness.map_err(|error| OpenClusterError::Failed(error.into()))?;
            if accept_loss {
                witness.forget().map_err(|error| OpenClusterError::Failed(error.into()))?;
            }
            let may_create = (create || connection.is_for_development()) && witness.end().sequence == 0;
            let info =
                created::found_or_created(&connection, domain, may_create, unsafe_cluster, witness.end()).await?;
            check::check(&connection, &info, domain, unsafe_cluster)?;
            let connection = Arc::new(connection);
            Ok::<_, OpenClusterError>((connection.clone(), Turns::start(connection), witness))
        });
        let opened = opening.await.map_err(|ended| OpenClusterError::Failed(ended.to_string().into()))?;
        let (connection, turns, witness) = opened?;
        let most_bytes = connection.max_payload().saturating_sub(FOR_HEADERS);
        let (name, received) = (connection.log_name(), Arc::new(Received::default()));
        let (records, witness, follower) = (Records::new(connection.clone()), Mutex::new(witness), Mutex::default());
        let kept = records.clone();
        // An error means that the thread has ended, and there is nothing to give up.
        let _ = at_end.send(Box::pin(async move { kept.give_up().await }));
        Ok(Self { name, most_bytes, connection, received, records, turns, witness, accept_loss, follower, runtime })
    }

    /// The file that remembers the end of the log.
    pub fn witness(&self) -> PathBuf {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner).path().to_owned()
    }

    /// Runs a task on the client's thread.
    fn run<R: Send + 'static>(
        &self,
        task: impl Future<Output = Result<R, LogError>> + Send + 'static,
    ) -> Later<'_, Result<R, LogError>> {
        let running = self.runtime.spawn(task);
        // The client ends when the store closes, and its tasks with it.
        Box::pin(async move { running.await.map_err(|_| LogError::Unavailable("the store is closed".to_owned()))? })
    }
}

impl CommitLog for JetStreamLog {
    fn name(&self) -> &str {
        &self.name
    }

    fn most_bytes(&self) -> usize {
        self.most_bytes
    }

    fn follow(&self, from: Replicated) -> Later<'_, Result<(), LogError>> {
        let (connection, received) = (self.connection.clone(), self.received.clone());
        let seen = self.witness.lock().unwrap_or_else(PoisonError::into_inner).end();
        let accept_loss = self.accept_loss;
        let checked = self.run(async move {
            end::check_seen(&connection, from).await?;
            // A witness whose end is lost is behind by now.
            if !accept_loss {
                end::check_seen(&connection, seen).await?;
            }
            received.begin_after(from);
            Ok(Follower::start(connection, received, from.sequence + 1))
        });
        Box::pin(async move {
            let follower = checked.await?;
            self.note(from).map_err(|error| LogError::Failed(error.into()))?;
            *self.follower.lock().unwrap_or_else(PoisonError::into_inner) = Some(follower);
            Ok(())
        })
    }

    fn offer(&self, after: u64, entry: Vec<u8>) -> Later<'_, Result<Offered, LogError>> {
        let (connection, received) = (self.connection.clone(), self.received.clone());
        received.offer(after + 1);
        self.run(async move {
            let offered = offer::offer(&connection, received.noted(), after, entry.into()).await;
            if offered != Ok(Offered::Accepted) {
                received.take_back(after + 1);
            }
            offered
        })
    }

    fn received(&self, after: u64) -> Result<Vec<Entry>, LogError> {
        self.received.after(after)
    }

    fn has_received(&self, after: u64) -> Result<bool, LogError> {
        self.received.has_any_after(after)
    }

    fn reception(&self, after: u64) -> Later<'_, ()> {
        const MAX_WAIT: Duration = Duration::from_secs(5);
        let received = self.received.clone();
        let waiting = self.run(async move {
            // A timeout is no error: the caller looks.
            let _ = tokio::time::timeout(MAX_WAIT, received.reception(after)).await;
            Ok(())
        });
        Box::pin(async move { drop(waiting.await) })
    }

    fn end(&self) -> Later<'_, Result<u64, LogError>> {
        let (connection, received) = (self.connection.clone(), self.received.clone());
        self.run(async move {
            let seen = received.noted();
            let end = end::end(&connection).await?;
            if end < seen.sequence {
                end::check_seen(&connection, seen).await?;
            }
            Ok(end)
        })
    }

    fn ask_for_turn(&self, writer: Uuid) {
        self.runtime.spawn(self.turns.ask(writer));
    }

    fn turns_asked(&self) -> Vec<(Uuid, Instant)> {
        self.turns.asked()
    }

    fn records(&self) -> Option<&dyn SharedRecords> {
        Some(self)
    }

    fn cluster(&self) -> Option<&dyn Cluster> {
        Some(self)
    }

    fn note(&self, end: Replicated) -> io::Result<()> {
        self.received.note(end);
        self.witness.lock().unwrap_or_else(PoisonError::into_inner).note(end)
    }
}

/// Starts the thread of a client. It ends with the supervisor, after what is sent to it.
fn start_thread(supervisor: &Supervisor) -> io::Result<(Handle, oneshot::Sender<AtEnd>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (close, closed) = oneshot::channel::<()>();
    let (ended, has_ended) = watch::channel(());
    let (at_end, mut last) = oneshot::channel::<AtEnd>();
    let thread = std::thread::Builder::new().name("cluster log".to_owned()).spawn(move || {
        runtime.block_on(async {
            // The expected error: the sender is dropped.
            let _ = closed.await;
            if let Ok(last) = last.try_recv() {
                let _ = tokio::time::timeout(END_WITHIN, last).await;
            }
        });
        runtime.shutdown_background();
        drop(ended);
    })?;
    supervisor.ends_with(close, has_ended, thread);
    Ok((handle, at_end))
}
