//! The store that lives as long as the process: a tokio task that owns the log.
//!
//! A commit is one shared slice. The log keeps it, the subscribers get it, and the command's answer points
//! into it; no event is copied on the way.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;

use foldhash::HashMap;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{
    Append, Committed, Conflict, EventStore, Listeners, MAX_READ, PUBLISHED_CAPACITY, Published, Publisher, StoreError,
};
use crate::engine::event::{Batch, DomainEvent, Position, RecordedEvent, StreamId, Version};
use crate::engine::queue::offer;
use crate::engine::supervisor::{StopReason, Supervisor};
use crate::engine::trace::trace_line;

const QUEUE_CAPACITY: usize = 256;

/// A handle on the store's task.
#[derive(Clone, Debug)]
pub struct MemoryStore<E> {
    requests: mpsc::Sender<Request<E>>,
    listeners: Listeners<E>,
}

#[derive(Debug)]
enum Request<E> {
    Append { appends: Vec<Append<E>>, reply: oneshot::Sender<Vec<Result<Committed<E>, Conflict>>> },
    ReadStream { stream: StreamId, after: Version, limit: usize, reply: oneshot::Sender<Batch<E>> },
    ReadAll { after: Position, limit: usize, reply: oneshot::Sender<Batch<E>> },
    End { reply: oneshot::Sender<Position> },
}

impl<E: DomainEvent> MemoryStore<E> {
    /// Starts the store's task with an empty log.
    pub fn start(supervisor: &Supervisor) -> Self {
        Self::start_with_capacity(supervisor, PUBLISHED_CAPACITY)
    }

    /// The same, with another number of commits that a subscriber may fall behind.
    pub fn start_with_capacity(supervisor: &Supervisor, published_capacity: usize) -> Self {
        let (sender, requests) = mpsc::channel(QUEUE_CAPACITY);
        let publisher = Publisher::new(published_capacity);
        let listeners = publisher.listeners();
        supervisor.spawn("event store", serve(requests, publisher));
        Self { requests: sender, listeners }
    }

    async fn ask<R>(&self, request: Request<E>, answer: oneshot::Receiver<R>) -> Result<R, StoreError> {
        if let Some(request) = offer(&self.requests, request).map_err(|_| StoreError::Closed)? {
            self.requests.send(request).await.map_err(|_| StoreError::Closed)?;
        }
        answer.await.map_err(|_| StoreError::Closed)
    }
}

impl<E: DomainEvent> EventStore<E> for MemoryStore<E> {
    async fn append(&self, appends: Vec<Append<E>>) -> Result<Vec<Result<Committed<E>, Conflict>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Append { appends, reply }, answer).await
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stream = stream.clone();
        let read = Request::ReadStream { stream, after, limit, reply };
        self.ask(read, answer).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::ReadAll { after, limit, reply }, answer).await
    }

    async fn end(&self) -> Result<Position, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::End { reply }, answer).await
    }

    fn published(&self) -> broadcast::Receiver<Published<E>> {
        self.listeners.subscribe()
    }
}

async fn serve<E: DomainEvent>(
    mut requests: mpsc::Receiver<Request<E>>,
    publisher: Publisher<E>,
) -> Result<(), StopReason> {
    let mut log = Log::default();
    // A reply nobody waits for any more is no error: the caller went away.
    while let Some(request) = requests.recv().await {
        match request {
            Request::Append { appends, reply } => {
                let after = log.end;
                let (commit, answers) = log.append(appends);
                if !commit.is_empty() {
                    publisher.publish(Published { after, events: commit });
                }
                let _ = reply.send(answers);
            }
            Request::ReadStream { stream, after, limit, reply } => {
                let _ = reply.send(log.read_stream(&stream, after, limit));
            }
            Request::ReadAll { after, limit, reply } => {
                let _ = reply.send(log.read_all(after, limit));
            }
            Request::End { reply } => {
                let _ = reply.send(log.end);
            }
        }
    }
    Ok(())
}

/// Where an event lies: the commit's number in the log, and the event's in the commit.
#[derive(Clone, Copy, Debug)]
struct Place {
    commit: u32,
    index: u32,
}

#[derive(Debug)]
struct Log<E> {
    commits: Vec<Batch<E>>,
    /// For each stream the places of its events, in order of their versions.
    streams: HashMap<StreamId, Vec<Place>>,
    end: Position,
    /// The events of the next commit; empty between appends, and kept for its memory.
    recorded: Vec<RecordedEvent<E>>,
    /// The same for the answers.
    ranges: Vec<Result<Range<usize>, Conflict>>,
}

impl<E> Default for Log<E> {
    fn default() -> Self {
        Self {
            commits: Vec::new(),
            streams: HashMap::default(),
            end: Position::START,
            recorded: Vec::new(),
            ranges: Vec::new(),
        }
    }
}

impl<E: DomainEvent> Log<E> {
    fn append(&mut self, appends: Vec<Append<E>>) -> (Batch<E>, Vec<Result<Committed<E>, Conflict>>) {
        let mut conflicts = BTreeMap::new();
        for append in appends {
            let range = self.record(append, &mut conflicts);
            self.ranges.push(range);
        }
        let commit: Batch<E> = self.recorded.drain(..).collect();
        if !commit.is_empty() {
            self.commits.push(commit.clone());
        }
        let ranges = self.ranges.drain(..);
        let answers = ranges.map(|range| range.map(|range| Committed::new(commit.clone(), range))).collect();
        (commit, answers)
    }

    /// Adds events to the next commit, unless they conflict, or those they were decided on did.
    fn record(
        &mut self,
        append: Append<E>,
        conflicts: &mut BTreeMap<StreamId, Conflict>,
    ) -> Result<Range<usize>, Conflict> {
        let Append { stream, expected_version: expected, time, metadata, events } = append;
        debug_assert!(!events.is_empty(), "an append carries an event");
        if let Some(conflict) = conflicts.get(&stream) {
            return Err(*conflict);
        }
        let known = self.streams.get_mut(&stream);
        let actual = Version::START.plus(known.as_ref().map_or(0, |places| places.len()));
        if actual != expected {
            let conflict = Conflict { expected, actual };
            conflicts.insert(stream, conflict);
            return Err(conflict);
        }
        let places = match known {
            Some(places) => places,
            None => self.streams.entry(stream.clone()).or_default(),
        };
        let commit = as_u32(self.commits.len());
        let start = self.recorded.len();
        let count = events.len();
        for (data, stream) in events.into_iter().zip(iter::repeat_n(stream, count)) {
            self.end = self.end.next();
            places.push(Place { commit, index: as_u32(self.recorded.len()) });
            let version = Version::START.plus(places.len());
            self.recorded.push(RecordedEvent { position: self.end, stream, version, time, metadata, data });
            trace_line!(metadata.correlation_id, "Event Store Published Event");
        }
        Ok(start..self.recorded.len())
    }

    fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Batch<E> {
        let places = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let start = usize::try_from(after.get()).unwrap_or(usize::MAX).min(places.len());
        places[start..]
            .iter()
            .take(limit.min(MAX_READ))
            .map(|place| self.commits[place.commit as usize][place.index as usize].clone())
            .collect()
    }

    fn read_all(&self, after: Position, limit: usize) -> Batch<E> {
        let first = self.commits.partition_point(|commit| commit.last().is_some_and(|event| event.position <= after));
        self.commits[first..]
            .iter()
            .flat_map(|commit| commit.iter())
            .skip_while(|event| event.position <= after)
            .take(limit.min(MAX_READ))
            .cloned()
            .collect()
    }
}

#[expect(clippy::expect_used, reason = "2^32 commits of 150 bytes are more memory than this store is for")]
fn as_u32(number: usize) -> u32 {
    u32::try_from(number).expect("the memory store holds at most 2^32 commits")
}
