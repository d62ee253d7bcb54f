//! The event store: appends events at an expected version, reads streams, reads everything from a position,
//! and wakes subscribers.
//!
//! [`EventStore`] is the promise; [`memory`] keeps it for as long as the process lives, [`sqlite`] for as long as the
//! file does, and [`Store`] is whichever of them it is. What a store keeps for event handlers besides is in
//! [`handler_records`].

mod backup;
pub mod codec;
pub(in crate::engine) mod companion_names;
mod computed_head;
pub mod event_line;
pub mod handler_records;
mod hash_chain;
pub mod log_head;
mod log_pages;
mod log_times;
pub mod memory;
mod one_store;
mod open_error;
mod other_store;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod subscription;
pub(in crate::engine) mod url;
mod verification;

use std::fmt;
use std::future::Future;
use std::ops::{Deref, Range};

use thiserror::Error;
use tokio::sync::broadcast;
use uuid::Uuid;

pub use self::backup::{BackupError, BackupStep};
use self::handler_records::HandlerRecords;
pub(crate) use self::log_pages::LogPages;
pub use self::one_store::Store;
pub use self::open_error::OpenStoreError;
pub use self::other_store::OtherStore;
pub use self::url::{StoreUrl, UnsupportedUrl, path_named_by};
pub use self::verification::{Verification, Verified};
use crate::engine::log::{Batch, Metadata, Moment, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::runtime::trace::trace_line;
use crate::engine::runtime::{StopReason, StoreFailure};

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
    /// When the decision was made. Where a clock was set back, the store takes the time of its last event
    /// instead, and says so once: times in a log never go back. A time beyond [`Timestamp::MAX`] is that.
    pub time: Timestamp,
    /// The command behind the events. A store takes the events of one command once.
    pub metadata: Metadata,
    /// What happened, in order. Not empty.
    pub events: Vec<E>,
    /// The aggregate after these events, if it is time for a snapshot. It is stored with them.
    pub snapshot: Option<Box<str>>,
}

/// Why a store did not append the events of a command.
#[derive(Clone, Debug, Error)]
pub enum Rejected<E> {
    /// The stream has moved on.
    #[error("{0}")]
    Conflict(#[from] Conflict),
    /// Events of a command with this id are stored already: these. Nothing was added to them.
    #[error("the command's events are stored already")]
    Repeated(Committed<E>),
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
    /// Another program held the store for too long. Nothing of the request was stored, and it may be asked again.
    #[error("another program holds the file: {0}")]
    Busy(String),
    /// The store could not do it. Nothing of the request was stored.
    #[error("the event store failed: {0}")]
    Failed(#[source] StoreFailure),
    /// The store may have done it, or not: what is stored under the command's id tells, once the store is open
    /// again.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(#[source] StoreFailure),
    /// Another process has the right to run the handlers now, and writes down how far they have come. Nothing of the
    /// request was stored.
    #[error("another program has taken over the handlers")]
    LeaseLost,
}

/// A task that meets a store that has failed stops for the same reason as the store does.
impl From<StoreError> for StopReason {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Closed,
            StoreError::Busy(_) | StoreError::LeaseLost => Self::StoreFailed { message: error.to_string().into() },
            StoreError::Failed(message) | StoreError::OutcomeUnknown(message) => Self::StoreFailed { message },
        }
    }
}

/// An aggregate's state as text, and the event it stands after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The version of that event.
    pub version: Version,
    /// Its position.
    pub position: Position,
    /// Its time.
    pub time: Timestamp,
    /// What [`Aggregate::snapshot`](crate::engine::domain::Aggregate::snapshot) has made of the state.
    pub state: Box<str>,
}

/// Events that are stored: a part of one commit, shared with the log.
pub struct Committed<E> {
    commit: Batch<E>,
    range: Range<usize>,
}

impl<E> Clone for Committed<E> {
    fn clone(&self) -> Self {
        let (commit, range) = (self.commit.clone(), self.range.clone());
        Self { commit, range }
    }
}

impl<E> Committed<E> {
    /// The part `range` of a commit.
    pub fn new(commit: Batch<E>, range: Range<usize>) -> Self {
        debug_assert!(range.start <= range.end && range.end <= commit.len());
        Self { commit, range }
    }

    /// All of a commit, or of what was read.
    pub fn whole(events: Batch<E>) -> Self {
        let end = events.len();
        Self::new(events, 0..end)
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

/// What became of one append.
pub type AppendAnswer<E> = Result<Committed<E>, Rejected<E>>;

/// What became of each append of a call, in order.
pub type Appended<E> = Vec<AppendAnswer<E>>;

/// A commit on its way to the subscribers.
#[derive(Clone, Debug)]
pub struct Published<E> {
    /// The position of the event before this commit: a subscriber that has not seen it has missed something.
    pub after: Position,
    /// The events, in order. Not empty.
    pub events: Batch<E>,
}

/// What every store promises. Handles are cheap to clone.
pub trait EventStore<E>: HandlerRecords + Clone + Send + Sync + 'static {
    /// Appends each element on its own terms, and all that fit in one commit: concurrent commands share its
    /// cost. The answers come in the order of the question, after the events are stored as the store
    /// promises. An element sees those before it: two appends to one stream may stand in one call. Once one
    /// of them is rejected, those after it meet a conflict, whatever version they expect: they were decided on
    /// events that are not stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store as a whole could not; [`Rejected`] for an element whose stream is at
    /// another version than expected, or whose command is stored already.
    fn append(&self, appends: Vec<Append<E>>) -> impl Future<Output = Result<Appended<E>, StoreError>> + Send;

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

    /// Reads the last snapshot of a stream up to a moment, if there is one, and the first events after it (or
    /// from the beginning), as [`EventStore::read_stream`] does. Events after the moment may be among them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> impl Future<Output = Result<(Option<Snapshot>, Batch<E>), StoreError>> + Send;

    /// The version of the last event of a stream up to a moment; [`Version::START`] if there is none. It is found
    /// without reading the events before it, so that what is asked for from a stream's end is read from there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn stream_version(
        &self,
        stream: &StreamId,
        until: Moment,
    ) -> impl Future<Output = Result<Version, StoreError>> + Send;

    /// The events that are stored of each of these commands, in the order of the question; `None` where there are none. It
    /// is one request, however many they are.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_commands(
        &self,
        command_ids: Vec<Uuid>,
    ) -> impl Future<Output = Result<Vec<Option<Committed<E>>>, StoreError>> + Send;

    /// The events that are stored of a command; `None` if there are none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_command(&self, command_id: Uuid) -> impl Future<Output = Result<Option<Committed<E>>, StoreError>> + Send {
        let read = self.read_commands(vec![command_id]);
        async move { Ok(read.await?.pop().flatten()) }
    }

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

    /// The last position that was acknowledged to anybody, in whatever process, or has been seen by way of this store. To
    /// be asked for every question: it waits for nothing. `None` where that cannot be told at once, or the store
    /// is closed: then [`EventStore::end`] says.
    fn acknowledged(&self) -> Option<Position> {
        None
    }

    /// Lets the subscribers hear now of what other processes have stored, not just when the store looks for it next.
    fn look(&self) {}

    /// Hears of every commit from now on, or that it was too slow to; see
    /// [`Subscription`](subscription::Subscription) for the way to miss nothing.
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
