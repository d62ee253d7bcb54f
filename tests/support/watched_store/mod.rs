//! A store that outlives its handlers, with someone who watches each call and can hold it up, for ever if need be.

pub(crate) mod cut;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use cqrs_bank::engine::domain::DomainEvent;
use cqrs_bank::engine::log::{Batch, Moment, Position, StreamId, Version};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::handler_records::{HandlerRecords, ParkedChange, ParkedEvent, Progress};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::{Append, Appended, Committed, EventStore, Published, Snapshot, StoreError};
use tokio::sync::broadcast;
use uuid::Uuid;

/// A call to the store, before it is made and after it was; then with the number of events it has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Before(&'static str),
    After(&'static str, usize),
}

type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone)]
pub(crate) struct WatchedStore<E> {
    store: MemoryStore<E>,
    watch: Arc<dyn Fn(Step) -> Wait + Send + Sync>,
    /// The stream whose next append is done, and not answered with that.
    loses_answer_of: Arc<Mutex<Option<StreamId>>>,
}

impl<E> fmt::Debug for WatchedStore<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedStore").finish_non_exhaustive()
    }
}

impl<E: DomainEvent> WatchedStore<E> {
    /// An empty store, which goes on at each step once the watcher lets it.
    pub(crate) fn start<F>(watch: impl Fn(Step) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let watch = Arc::new(move |step| Box::pin(watch(step)) as Wait);
        Self { store: MemoryStore::start(&Supervisor::new()), watch, loses_answer_of: Arc::default() }
    }

    #[allow(dead_code, reason = "not every test program uses it")]
    pub(crate) fn lose_answer_of(&self, stream: StreamId) {
        *self.loses_answer_of.lock().unwrap() = Some(stream);
    }

    async fn step<R>(
        &self,
        call: &'static str,
        events: impl FnOnce(&R) -> usize,
        answer: impl Future<Output = Result<R, StoreError>>,
    ) -> Result<R, StoreError> {
        (self.watch)(Step::Before(call)).await;
        let answer = answer.await?;
        (self.watch)(Step::After(call, events(&answer))).await;
        Ok(answer)
    }
}

impl<E: DomainEvent> EventStore<E> for WatchedStore<E> {
    async fn append(&self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        let is_it = |stream: &mut StreamId| appends.iter().any(|append| append.stream == *stream);
        let lost = self.loses_answer_of.lock().unwrap().take_if(is_it);
        let appended = self.step("append", |_| 0, self.store.append(appends)).await?;
        match lost {
            Some(stream) => Err(StoreError::OutcomeUnknown(format!("the answer about {stream} got lost").into())),
            None => Ok(appended),
        }
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError> {
        self.step("read_stream", |events| events.len(), self.store.read_stream(stream, after, limit)).await
    }

    async fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> Result<(Option<Snapshot>, Batch<E>), StoreError> {
        let read = self.store.read_from_snapshot(stream, until, limit);
        self.step("read_from_snapshot", |(_, events)| events.len(), read).await
    }

    async fn stream_version(&self, stream: &StreamId, until: Moment) -> Result<Version, StoreError> {
        self.step("stream_version", |_| 0, self.store.stream_version(stream, until)).await
    }

    async fn read_commands(&self, command_ids: Vec<Uuid>) -> Result<Vec<Option<Committed<E>>>, StoreError> {
        let count = |found: &Vec<Option<Committed<E>>>| found.iter().flatten().map(|events| events.len()).sum();
        self.step("read_commands", count, self.store.read_commands(command_ids)).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        self.step("read_all", |events| events.len(), self.store.read_all(after, limit)).await
    }

    async fn end(&self) -> Result<Position, StoreError> {
        self.step("end", |_| 0, self.store.end()).await
    }

    fn published(&self) -> broadcast::Receiver<Published<E>> {
        self.store.published()
    }
}

impl<E: DomainEvent> HandlerRecords for WatchedStore<E> {
    fn is_durable(&self) -> bool {
        true
    }

    async fn read_progress(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        self.step("read_progress", |_| 0, self.store.read_progress(handler)).await
    }

    async fn begin_progress(&self, handler: &str, start: Progress) -> Result<Progress, StoreError> {
        self.step("begin_progress", |_| 0, self.store.begin_progress(handler, start)).await
    }

    async fn write_progress(&self, handler: &str, progress: Progress, parked: ParkedChange) -> Result<(), StoreError> {
        self.step("write_progress", |()| 0, self.store.write_progress(handler, progress, parked)).await
    }

    async fn read_parked(&self, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, StoreError> {
        self.step("read_parked", |_| 0, self.store.read_parked(after, limit)).await
    }
}
