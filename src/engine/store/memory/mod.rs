//! The store in memory: a tokio task that owns the log.
//!
//! A commit is one slice, shared by its subscribers and the command's result, so publishing copies no event.

mod command_ids;
mod events;
mod log;
mod offer;
mod records;
mod replica;
mod replicated_log;
mod segments;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{broadcast, mpsc, oneshot};
use uuid::Uuid;

use self::log::Log;
pub(in crate::engine::store) use self::records::Records;
use super::commit_log::{Replica, SharedRecords};
use super::handler_records::{HandlerRecords, HandlersLease, ParkedChange, ParkedEvent, Progress};
use super::{
    Append, Appended, Committed, EventStore, Listeners, PUBLISHED_CAPACITY, Published, Publisher, Snapshot,
    SnapshotEntry, StoreError,
};
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Batch, Moment, Position, StreamId, Version};
use crate::engine::runtime::trace::Conversations;
use crate::engine::runtime::{StopReason, Supervisor, answered, offer};

const QUEUE_CAPACITY: usize = 256;

/// A handle on the store's task.
#[derive(Clone, Debug)]
pub struct MemoryStore<E> {
    requests: mpsc::Sender<LogRequest<E>>,
    listeners: Listeners<E>,
    /// The end of the log, updated before a commit is published or acknowledged.
    end: Arc<AtomicU64>,
    /// The log that this is a replica of, if it is one.
    replica: Option<Replica>,
}

#[derive(Debug)]
enum LogRequest<E> {
    Append { appends: Vec<Append<E>>, reply: oneshot::Sender<Result<Appended<E>, StoreError>> },
    ReadStream { stream: StreamId, after: Version, limit: usize, reply: oneshot::Sender<Batch<E>> },
    ReadFromSnapshot { stream: StreamId, until: Moment, limit: usize, reply: oneshot::Sender<FromSnapshot<E>> },
    ListSnapshots { stream: StreamId, after: Position, limit: usize, reply: oneshot::Sender<Vec<SnapshotEntry>> },
    StreamVersion { stream: StreamId, until: Moment, reply: oneshot::Sender<Version> },
    ReadCommands { command_ids: Vec<Uuid>, reply: oneshot::Sender<Vec<Option<Committed<E>>>> },
    ReadAll { after: Position, limit: usize, reply: oneshot::Sender<Batch<E>> },
    End { reply: oneshot::Sender<Position> },
    ReadProgress { handler: String, reply: oneshot::Sender<Option<Progress>> },
    BeginProgress { handler: String, start: Progress, reply: oneshot::Sender<Progress> },
    WriteProgress { update: Box<ProgressUpdate>, reply: oneshot::Sender<()> },
    ReadParked { after: u64, limit: usize, reply: oneshot::Sender<Vec<ParkedEvent>> },
}

#[derive(Debug)]
struct ProgressUpdate {
    handler: String,
    progress: Progress,
    parked: ParkedChange,
}

type FromSnapshot<E> = (Option<Snapshot>, Batch<E>);

impl<E: DomainEvent> MemoryStore<E> {
    /// Starts the store's task with an empty log.
    pub fn start(supervisor: &Supervisor) -> Self {
        Self::start_with_capacity(supervisor, PUBLISHED_CAPACITY)
    }

    /// Like [`MemoryStore::start`], with another number of commits that a subscriber may fall behind.
    pub fn start_with_capacity(supervisor: &Supervisor, published_capacity: usize) -> Self {
        let (sender, requests) = mpsc::channel(QUEUE_CAPACITY);
        let publisher = Publisher::new(published_capacity);
        let listeners = publisher.listeners();
        let end = Arc::new(AtomicU64::new(0));
        supervisor.spawn("event store", serve(requests, publisher, end.clone()));
        Self { requests: sender, listeners, end, replica: None }
    }

    /// Sends a request, and returns the wait for its answer. It is sent before this returns, which keeps the future small.
    fn ask<R>(
        &self,
        request: LogRequest<E>,
        answer: oneshot::Receiver<R>,
    ) -> impl Future<Output = Result<R, StoreError>> {
        let unsent = offer(&self.requests, request).map(|unsent| unsent.map(Box::new)).map_err(|_| StoreError::Closed);
        async move {
            if let Some(request) = unsent? {
                Box::pin(self.requests.send(*request)).await.map_err(|_| StoreError::Closed)?;
            }
            answered(&self.requests, answer).await.ok_or(StoreError::Closed)
        }
    }
}

impl<E: DomainEvent> EventStore<E> for MemoryStore<E> {
    async fn append(&self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(LogRequest::Append { appends, reply }, answer).await?
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stream = stream.clone();
        let read = LogRequest::ReadStream { stream, after, limit, reply };
        self.ask(read, answer).await
    }

    async fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> Result<FromSnapshot<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stream = stream.clone();
        self.ask(LogRequest::ReadFromSnapshot { stream, until, limit, reply }, answer).await
    }

    async fn list_snapshots(
        &self,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<SnapshotEntry>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stream = stream.clone();
        self.ask(LogRequest::ListSnapshots { stream, after, limit, reply }, answer).await
    }

    async fn stream_version(&self, stream: &StreamId, until: Moment) -> Result<Version, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stream = stream.clone();
        self.ask(LogRequest::StreamVersion { stream, until, reply }, answer).await
    }

    async fn read_commands(&self, command_ids: Vec<Uuid>) -> Result<Vec<Option<Committed<E>>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(LogRequest::ReadCommands { command_ids, reply }, answer).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(LogRequest::ReadAll { after, limit, reply }, answer).await
    }

    async fn come_up_to_date(&self) -> Result<(), StoreError> {
        match &self.replica {
            Some(replica) => replica.come_up_to_date().await,
            None => Ok(()),
        }
    }

    async fn end(&self) -> Result<Position, StoreError> {
        self.come_up_to_date().await?;
        let (reply, answer) = oneshot::channel();
        self.ask(LogRequest::End { reply }, answer).await
    }

    fn acknowledged(&self) -> Option<Position> {
        // Only a log knows what was acknowledged by the programs that share it.
        (!self.requests.is_closed() && self.replica.is_none()).then(|| Position::new(self.end.load(Ordering::Acquire)))
    }

    fn published(&self) -> broadcast::Receiver<Published<E>> {
        self.listeners.subscribe()
    }
}

impl<E> MemoryStore<E> {
    /// The records that all replicas of a log share. Without a log, or if it has none, this store has its own.
    fn shared_records(&self) -> Option<&dyn SharedRecords> {
        self.replica.as_ref()?.records()
    }

    /// The log that this is a replica of, and how far it has come.
    pub(in crate::engine::store) fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }
}

impl<E: DomainEvent> HandlerRecords for MemoryStore<E> {
    async fn try_acquire_lease(&self) -> Result<Option<HandlersLease>, StoreError> {
        match self.shared_records() {
            Some(records) => records.try_acquire_lease().await,
            None => Ok(Some(HandlersLease::unshared())),
        }
    }

    async fn read_progress(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        if let Some(records) = self.shared_records() {
            return records.read_progress(handler).await;
        }
        let (reply, answer) = oneshot::channel();
        let handler = handler.to_owned();
        self.ask(LogRequest::ReadProgress { handler, reply }, answer).await
    }

    async fn begin_progress(&self, handler: &str, start: Progress) -> Result<Progress, StoreError> {
        if let Some(records) = self.shared_records() {
            return records.begin_progress(handler, start).await;
        }
        let (reply, answer) = oneshot::channel();
        let handler = handler.to_owned();
        self.ask(LogRequest::BeginProgress { handler, start, reply }, answer).await
    }

    async fn write_progress(&self, handler: &str, progress: Progress, parked: ParkedChange) -> Result<(), StoreError> {
        if let Some(records) = self.shared_records() {
            return records.write_progress(handler, progress, parked).await;
        }
        let (reply, answer) = oneshot::channel();
        let handler = handler.to_owned();
        let update = Box::new(ProgressUpdate { handler, progress, parked });
        self.ask(LogRequest::WriteProgress { update, reply }, answer).await
    }

    async fn read_parked(&self, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, StoreError> {
        if let Some(records) = self.shared_records() {
            return records.read_parked(after, limit).await;
        }
        let (reply, answer) = oneshot::channel();
        self.ask(LogRequest::ReadParked { after, limit, reply }, answer).await
    }

    /// What the replicas of a log share outlives them all.
    fn is_durable(&self) -> bool {
        self.shared_records().is_some()
    }
}

async fn serve<E: DomainEvent>(
    mut requests: mpsc::Receiver<LogRequest<E>>,
    publisher: Publisher<E>,
    end: Arc<AtomicU64>,
) -> Result<(), StopReason> {
    let mut log = Log::default();
    let mut records = Records::default();
    while let Some(request) = requests.recv().await {
        match request {
            LogRequest::Append { appends, reply } => {
                let after = log.end();
                let (commit, answers) = log.append(appends);
                publish(&publisher, &end, after, commit);
                // A failed reply is no error: the caller no longer waits.
                let _ = reply.send(Ok(answers));
            }
            other => other.answer(&log, &mut records),
        }
    }
    Ok(())
}

fn publish<E: DomainEvent>(publisher: &Publisher<E>, end: &AtomicU64, after: Position, commit: Batch<E>) {
    if let Some(last) = commit.last() {
        let (events, last, correlation_ids) = (commit.len(), last.position.get(), Conversations(&commit));
        tracing::debug!(events, end = last, %correlation_ids, "commit");
        end.store(last, Ordering::Release);
        publisher.publish(Published { after, events: commit });
    }
}

impl<E: DomainEvent> LogRequest<E> {
    /// Answers any request but an append.
    fn answer(self, log: &Log<E>, records: &mut Records) {
        // A failed reply is no error: the caller no longer waits.
        match self {
            LogRequest::Append { .. } => {}
            LogRequest::ReadStream { stream, after, limit, reply } => {
                let _ = reply.send(log.read_stream(&stream, after, limit));
            }
            LogRequest::ReadAll { after, limit, reply } => {
                let _ = reply.send(log.read_all(after, limit));
            }
            LogRequest::ReadFromSnapshot { stream, until, limit, reply } => {
                let snapshot = log.snapshot(&stream, until);
                let after = snapshot.as_ref().map_or(Version::START, |snapshot| snapshot.version);
                let _ = reply.send((snapshot, log.read_stream(&stream, after, limit)));
            }
            LogRequest::ListSnapshots { stream, after, limit, reply } => {
                let _ = reply.send(log.list_snapshots(&stream, after, limit));
            }
            LogRequest::StreamVersion { stream, until, reply } => {
                let _ = reply.send(log.stream_version(&stream, until));
            }
            LogRequest::ReadCommands { command_ids, reply } => {
                let _ = reply.send(command_ids.into_iter().map(|command_id| log.command(command_id)).collect());
            }
            LogRequest::End { reply } => {
                let _ = reply.send(log.end());
            }
            LogRequest::ReadProgress { handler, reply } => {
                let _ = reply.send(records.progress(&handler));
            }
            LogRequest::BeginProgress { handler, start, reply } => {
                let _ = reply.send(records.begin(handler, start));
            }
            LogRequest::WriteProgress { update, reply } => {
                let ProgressUpdate { handler, progress, parked } = *update;
                records.write(handler, progress, parked);
                let _ = reply.send(());
            }
            LogRequest::ReadParked { after, limit, reply } => {
                let _ = reply.send(records.parked(after, limit));
            }
        }
    }
}
