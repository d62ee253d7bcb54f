//! The event store: appends events at an expected version, reads streams, reads the whole log from a position, and
//! wakes subscribers.
//!
//! [`EventStore`] is the contract. [`memory`] implements it until the process ends, [`sqlite`] in a file, [`overlay`] on top
//! of another store, and [`Store`] is any of these, or a store of your own. [`handler_records`] is what a store keeps for
//! event handlers.

mod any_store;
mod backup;
mod cluster_options;
#[cfg(feature = "nats")]
mod cluster_url;
pub mod codec;
pub mod commit_log;
mod committed;
pub(in crate::engine) mod companion_names;
mod compared_log;
mod computed_head;
mod custom_store;
mod encoded_append;
pub mod event_line;
mod expected_end;
mod foreign_file;
pub mod handler_records;
mod hash_chain;
pub mod log_head;
mod log_pages;
mod log_times;
pub mod memory;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "nats")]
mod open_cluster;
mod open_cluster_error;
mod open_error;
pub mod overlay;
mod published;
pub(in crate::engine) mod read_ahead;
mod snapshot;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod subscription;
pub(in crate::engine) mod url;
mod verification;

use std::future::Future;

/// A shared text, such as the snapshot in an [`Append`].
pub use arcstr::ArcStr;
use thiserror::Error;
use tokio::sync::broadcast;
use uuid::Uuid;

pub use self::any_store::Store;
pub use self::backup::{BackupError, BackupStep};
pub use self::cluster_options::ClusterOptions;
#[cfg(feature = "nats")]
pub use self::cluster_url::{ClusterUrl, InvalidClusterUrl};
pub use self::committed::Committed;
pub(in crate::engine) use self::compared_log::difference_from_log;
pub use self::custom_store::OtherStore;
pub use self::expected_end::ExpectedEnd;
pub(crate) use self::foreign_file::open_for_reading;
use self::handler_records::HandlerRecords;
pub(crate) use self::log_pages::LogPages;
#[cfg(feature = "nats")]
pub(in crate::engine) use self::open_cluster::open_cluster;
pub use self::open_cluster_error::OpenClusterError;
pub use self::open_error::OpenStoreError;
pub use self::published::{Listeners, PUBLISHED_CAPACITY, Published, Publisher};
use self::snapshot::listed_backwards;
pub use self::snapshot::{Snapshot, SnapshotEntry};
pub use self::url::{StoreUrl, UnsupportedUrl, is_memory, path_named_by};
pub use self::verification::{Verification, Verified};
use crate::engine::log::{Batch, Metadata, Moment, Position, StreamId, Timestamp, Version};
use crate::engine::runtime::{StopReason, StoreFailure};

/// The maximum number of events that one read returns.
pub const MAX_READ: usize = 1_024;

/// The events of one command, appended to one stream: all or none.
#[derive(Clone, Debug)]
pub struct Append<E> {
    /// The stream.
    pub stream: StreamId,
    /// The version the decision was made on; [`Version::START`] for a stream that does not exist yet.
    pub expected_version: Version,
    /// When the decision was made. If the clock is behind the store's last event, the store uses that event's time and
    /// warns once, because times in a log never go back. The time is clamped to [`Timestamp::MAX`].
    pub time: Timestamp,
    /// The command behind the events. A store accepts the events of a command only once.
    pub metadata: Metadata,
    /// The events, in order. Not empty.
    pub events: Vec<E>,
    /// The aggregate's state after these events, if a snapshot is due. Stored with the events.
    pub snapshot: Option<ArcStr>,
    /// Where the whole log must end before these events; [`ExpectedEnd::ANY`] for most. Anywhere else is a conflict.
    pub expected_end: ExpectedEnd,
}

/// Why a store rejected the events of a command.
#[derive(Clone, Debug, Error)]
pub enum Rejected<E> {
    /// The stream is not at the expected version, or the log not at the expected end.
    #[error("{0}")]
    Conflict(#[from] Conflict),
    /// A command with this id is already stored, with these events. Nothing was added.
    #[error("the command's events are stored already")]
    Repeated(Committed<E>),
}

/// The stream has changed since the decision: load the aggregate again and decide again.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected the stream at version {expected}, but it is at {actual}")]
pub struct Conflict {
    /// The version the decision was made on.
    pub expected: Version,
    /// The stream's current version.
    pub actual: Version,
}

/// Why a store operation failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// The store is closed. Nothing was stored.
    #[error("the event store is closed")]
    Closed,
    /// Another program held the store for too long. Nothing was stored; the caller may retry.
    #[error("another program holds the file: {0}")]
    Busy(String),
    /// The cluster that keeps the log could not be reached in time. Nothing was stored; the caller may retry.
    #[error("the cluster is not available: {0}")]
    Unavailable(String),
    /// The operation failed. Nothing was stored.
    #[error("the event store failed: {0}")]
    Failed(#[source] StoreFailure),
    /// The operation may have succeeded or failed. Once the store is open again, reading the command by its id tells.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(#[source] StoreFailure),
    /// Another process holds the lease to run handlers and stores their progress. Nothing was stored.
    #[error("another program has taken over the handlers")]
    LeaseLost,
}

/// A task that finds a failed store stops for the same reason as the store.
impl From<StoreError> for StopReason {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Closed,
            StoreError::Busy(_) | StoreError::Unavailable(_) | StoreError::LeaseLost => {
                Self::StoreFailed { message: error.to_string().into() }
            }
            StoreError::Failed(message) | StoreError::OutcomeUnknown(message) => Self::StoreFailed { message },
        }
    }
}

/// The outcome of one append.
pub type AppendAnswer<E> = Result<Committed<E>, Rejected<E>>;

/// The outcome of each append of a call, in order.
pub type Appended<E> = Vec<AppendAnswer<E>>;

/// The contract of every store. Handles are cheap to clone.
pub trait EventStore<E>: HandlerRecords + Clone + Send + Sync + 'static {
    /// Appends several commands' events in one commit; each element succeeds or is rejected on its own. Results are in
    /// the order of the elements and are returned once the events are as durable as the store makes them. An element
    /// sees those before it, so one call may append to a stream repeatedly. After a rejection, later elements for the
    /// same stream are rejected with a conflict, whatever version they expect: their decisions rest on events that are
    /// not stored.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the call failed as a whole; [`Rejected`] for an element whose stream is not at the
    /// expected version or whose command is already stored.
    fn append(&self, appends: Vec<Append<E>>) -> impl Future<Output = Result<Appended<E>, StoreError>> + Send;

    /// Reads up to `limit` (at most [`MAX_READ`]) events of a stream, starting after `after`. A stream that does not
    /// exist has no events.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Batch<E>, StoreError>> + Send;

    /// Reads the latest snapshot of a stream up to a moment, if there is one, and the events after it (or from the
    /// beginning) as [`EventStore::read_stream`] does. The events may extend past the moment.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> impl Future<Output = Result<(Option<Snapshot>, Batch<E>), StoreError>> + Send;

    /// Lists up to `limit` (at most [`MAX_READ`]) snapshots of a stream, first to last, that follow an event after `after`.
    /// Those that [`EventStore::read_from_snapshot`] ignores are not listed.
    ///
    /// Unless a store overrides this, each snapshot after `after` is read, from the last one back.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn list_snapshots(
        &self,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SnapshotEntry>, StoreError>> + Send {
        listed_backwards(self, stream, after, limit.min(MAX_READ))
    }

    /// The version of a stream's last event up to a moment; [`Version::START`] if there is none. Found without reading
    /// the events before it, so that callers can read a stream backwards.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn stream_version(
        &self,
        stream: &StreamId,
        until: Moment,
    ) -> impl Future<Output = Result<Version, StoreError>> + Send;

    /// The stored events of each command, in the order of the ids; `None` for a command that is not stored. One
    /// request, however many ids.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn read_commands(
        &self,
        command_ids: Vec<Uuid>,
    ) -> impl Future<Output = Result<Vec<Option<Committed<E>>>, StoreError>> + Send;

    /// The stored events of a command; `None` if it is not stored.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn read_command(&self, command_id: Uuid) -> impl Future<Output = Result<Option<Committed<E>>, StoreError>> + Send {
        let read = self.read_commands(vec![command_id]);
        async move { Ok(read.await?.pop().flatten()) }
    }

    /// Reads up to `limit` (at most [`MAX_READ`]) events of the whole store in commit order, starting after `after`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn read_all(&self, after: Position, limit: usize) -> impl Future<Output = Result<Batch<E>, StoreError>> + Send;

    /// Waits until reads include whatever was acknowledged before this call, by any process. Most stores have nothing to
    /// wait for: they read what is stored.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if nobody can tell in time what was acknowledged, or the store does not come there.
    fn come_up_to_date(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        std::future::ready(Ok(()))
    }

    /// The position of the last event.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn end(&self) -> impl Future<Output = Result<Position, StoreError>> + Send;

    /// The highest position that any process has acknowledged to a caller, or that this store has returned. Cheap
    /// enough to ask for every query, because it never waits. `None` if it is not known immediately or the store is
    /// closed; ask [`EventStore::end`] then.
    fn acknowledged(&self) -> Option<Position> {
        None
    }

    /// Publishes events stored by other processes now, rather than when the store next polls for them.
    fn look(&self) {}

    /// Receives every commit from now on, or learns that it lagged. [`Subscription`](subscription::Subscription) misses
    /// nothing.
    fn published(&self) -> broadcast::Receiver<Published<E>>;
}
