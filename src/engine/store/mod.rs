//! The event store: appends events at an expected version, reads streams, reads everything from a position,
//! and wakes subscribers.
//!
//! [`EventStore`] is the promise; [`memory`] keeps it for as long as the process lives.

pub mod memory;

use std::fmt;
use std::future::Future;
use std::ops::{Deref, Range};

use thiserror::Error;
use tokio::sync::broadcast;

use super::clock::Timestamp;
use super::event::{Batch, Metadata, Position, RecordedEvent, StreamId, Version};
use super::trace::trace_line;

/// How many events a single read returns at the most.
pub const MAX_READ: usize = 1_024;

/// How many commits a subscriber may fall behind before it has to read on from the store.
pub const PUBLISHED_CAPACITY: usize = 1_024;

/// The events of one command, to be appended to one stream: all of them or none.
#[derive(Debug)]
pub struct Append<E> {
    /// The stream.
    pub stream: StreamId,
    /// The version the decision was made on; [`Version::START`] for a stream that does not exist yet.
    pub expected_version: Version,
    /// When the decision was made.
    pub time: Timestamp,
    /// The command behind the events.
    pub metadata: Metadata,
    /// What happened, in order. Not empty.
    pub events: Vec<E>,
}

/// The stream has moved on since the decision was made: load it again and decide again.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected the stream at version {expected}, but it is at {actual}")]
pub struct Conflict {
    /// The version the decision was made on.
    pub expected: Version,
    /// The version the stream has.
    pub actual: Version,
}

/// Why a store did not answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// The store is closed. Nothing of the request was stored.
    #[error("the event store is closed")]
    Closed,
}

/// Events that are stored: a part of one commit, shared with the log.
#[derive(Clone)]
pub struct Committed<E> {
    commit: Batch<E>,
    range: Range<usize>,
}

impl<E> Committed<E> {
    /// The part `range` of a commit.
    pub fn new(commit: Batch<E>, range: Range<usize>) -> Self {
        debug_assert!(range.start <= range.end && range.end <= commit.len());
        Self { commit, range }
    }

    /// No event at all: what a command that changes nothing has committed.
    pub fn nothing() -> Self {
        Self::new(Batch::from([]), 0..0)
    }
}

impl<E> Deref for Committed<E> {
    type Target = [RecordedEvent<E>];

    fn deref(&self) -> &Self::Target {
        &self.commit[self.range.clone()]
    }
}

impl<E: fmt::Debug> fmt::Debug for Committed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A commit on its way to the subscribers.
#[derive(Clone, Debug)]
pub struct Published<E> {
    /// The position of the event before this commit: a subscriber that has not seen it has missed something.
    pub after: Position,
    /// The events, in order. Not empty.
    pub events: Batch<E>,
}

/// What every store promises. Handles are cheap to clone.
pub trait EventStore<E>: Clone + Send + Sync + 'static {
    /// Appends each element on its own terms, and all that fit in one commit: concurrent commands share its
    /// cost. The answers come in the order of the question, after the events are stored as the store
    /// promises. An element sees those before it: two appends to one stream may stand in one call. Once one
    /// of them meets a conflict, so do those after it, whatever version they expect: they were decided on events
    /// that are not stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store as a whole could not; [`Conflict`] for an element whose stream is at
    /// another version than expected.
    fn append(
        &self,
        appends: Vec<Append<E>>,
    ) -> impl Future<Output = Result<Vec<Result<Committed<E>, Conflict>>, StoreError>> + Send;

    /// Reads at most `limit` (and [`MAX_READ`]) events of a stream, from the one after `after`.
    /// A stream that does not exist has no events.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Batch<E>, StoreError>> + Send;

    /// Reads at most `limit` (and [`MAX_READ`]) events of the whole store in commit order, from the one
    /// after `after`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_all(&self, after: Position, limit: usize) -> impl Future<Output = Result<Batch<E>, StoreError>> + Send;

    /// The position of the last event.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn end(&self) -> impl Future<Output = Result<Position, StoreError>> + Send;

    /// Hears of every commit from now on, or that it was too slow to; see
    /// [`Subscription`](super::subscription::Subscription) for the way to miss nothing.
    fn published(&self) -> broadcast::Receiver<Published<E>>;
}

/// The side of a store that tells its subscribers. It lives as long as the store does.
#[derive(Debug)]
pub struct Publisher<E> {
    sender: broadcast::Sender<Published<E>>,
}

impl<E: Clone> Publisher<E> {
    /// A publisher whose subscribers may fall `capacity` commits behind.
    pub fn new(capacity: usize) -> Self {
        Self { sender: broadcast::Sender::new(capacity.max(1)) }
    }

    /// Tells everyone who listens.
    pub fn publish(&self, published: Published<E>) {
        for event in published.events.iter() {
            trace_line!(event.metadata.correlation_id, "Event Published");
        }
        // An error says that nobody listens, which is fine.
        let _ = self.sender.send(published);
    }

    /// Where to listen.
    pub fn listeners(&self) -> Listeners<E> {
        Listeners { sender: self.sender.downgrade() }
    }
}

/// Where to listen to a publisher. It does not keep the publisher alive: listeners hear when the store is gone.
#[derive(Clone, Debug)]
pub struct Listeners<E> {
    sender: broadcast::WeakSender<Published<E>>,
}

impl<E: Clone> Listeners<E> {
    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Published<E>> {
        match self.sender.upgrade() {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        }
    }
}
