//! The store type that the rest of the program uses, for every kind of store.

use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast;
use uuid::Uuid;

use super::commit_log::CommitLog;
use super::computed_head::computed_hash;
use super::custom_store::OtherStore;
use super::handler_records::{
    HandlerRecords, HandlersLease, ParkedChange, ParkedEvent, Progress, ProjectionUpdate, ProjectionWritten,
    StoredProjection,
};
use super::hash_chain::Hash;
use super::log_head::LogHead;
use super::memory::MemoryStore;
use super::overlay::{HashingAt, OverlayStore};
#[cfg(feature = "sqlite")]
use super::sqlite::SqliteStore;
use super::{
    Append, Appended, Committed, EventStore, PUBLISHED_CAPACITY, Published, Snapshot, SnapshotEntry, StoreError,
    StoreUrl,
};
use crate::engine::log::{Batch, Moment, Position, StreamId, Version};
use crate::engine::store::codec::StoredEvent;

/// An open event store. Cheap to clone.
#[derive(Clone)]
pub enum Store<E: 'static> {
    /// In memory.
    Memory(MemoryStore<E>),
    /// In a file.
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteStore<E>),
    /// On top of another store.
    Overlay(OverlayStore<E>),
    /// Any other implementation, or a wrapper around one of these; see [`Store::new`].
    Other(OtherStore<E>),
}

impl<E: StoredEvent> Store<E> {
    /// Wraps any implementation of [`EventStore`].
    pub fn new(store: impl EventStore<E>) -> Self {
        Self::Other(OtherStore::new(store))
    }

    /// The store's URL; a store outside files has the URL of a memory store.
    pub fn url(&self) -> StoreUrl {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => StoreUrl::Sqlite(store.path().to_owned()),
            Self::Memory(_) | Self::Overlay(_) | Self::Other(_) => StoreUrl::Memory,
        }
    }

    /// The log on a cluster that the store is a replica of, if it is one.
    pub(in crate::engine) fn cluster_log(&self) -> Option<&Arc<dyn CommitLog>> {
        let replica = match self {
            Self::Memory(store) => store.replica(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.replica(),
            Self::Overlay(_) | Self::Other(_) => None,
        };
        replica.map(|replica| &replica.log).filter(|log| log.cluster().is_some())
    }

    /// Checks that the store's file is still at the path where it was opened. If it is not, the store stops.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] with the missing file, or [`StoreError::Closed`] if the store has stopped,
    /// possibly for that reason.
    pub fn in_place(&self) -> Result<(), StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.in_place(),
            Self::Memory(_) | Self::Overlay(_) | Self::Other(_) => Ok(()),
        }
    }

    /// An overlay on this store's log up to a position, or up to its current end: what is appended there is not appended
    /// here. `None` for a position beyond the end.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    pub async fn overlay(&self, at: Option<Position>) -> Result<Option<OverlayStore<E>>, StoreError> {
        self.overlay_with_capacity(at, PUBLISHED_CAPACITY).await
    }

    /// Like [`Store::overlay`], with another number of commits that a subscriber of the overlay may fall behind.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    pub async fn overlay_with_capacity(
        &self,
        at: Option<Position>,
        published_capacity: usize,
    ) -> Result<Option<OverlayStore<E>>, StoreError> {
        let store = self.clone();
        let hash_at = move |at| -> HashingAt {
            let store = store.clone();
            Box::pin(async move { store.hash_at(Some(at)).await })
        };
        OverlayStore::on(OtherStore::new(self.clone()), Box::new(hash_at), at, published_capacity).await
    }

    /// The head of the log at a position, or its current head; `None` for a position beyond the end of the log.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    pub async fn head(&self, at: Option<Position>) -> Result<Option<LogHead>, StoreError> {
        if at.is_none() {
            self.come_up_to_date().await?;
        }
        Ok(self.hash_at(at).await?.map(|(position, hash)| LogHead::new(position, &hash)))
    }

    /// The position and the hash of the event at a position, or of the last one; `None` beyond the end.
    pub(super) async fn hash_at(&self, at: Option<Position>) -> Result<Option<(Position, Hash)>, StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.hash_at(at).await,
            Self::Overlay(store) => store.hash_at(at).await,
            Self::Memory(_) | Self::Other(_) => computed_hash(self, at).await,
        }
    }
}

impl<E: 'static> fmt::Debug for Store<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "Store::Memory",
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "Store::Sqlite",
            Self::Overlay(_) => "Store::Overlay",
            Self::Other(_) => "Store::Other",
        })
    }
}

impl<E: 'static> From<MemoryStore<E>> for Store<E> {
    fn from(store: MemoryStore<E>) -> Self {
        Self::Memory(store)
    }
}

impl<E: 'static> From<OverlayStore<E>> for Store<E> {
    fn from(store: OverlayStore<E>) -> Self {
        Self::Overlay(store)
    }
}

#[cfg(feature = "sqlite")]
impl<E: 'static> From<SqliteStore<E>> for Store<E> {
    fn from(store: SqliteStore<E>) -> Self {
        Self::Sqlite(store)
    }
}

/// Calls the same operation on whichever store it is.
macro_rules! ask {
    ($self:ident, $store:ident => $question:expr) => {
        match $self {
            Store::Memory($store) => $question,
            #[cfg(feature = "sqlite")]
            Store::Sqlite($store) => $question,
            Store::Overlay($store) => $question,
            Store::Other($store) => $question,
        }
    };
}

impl<E: StoredEvent> EventStore<E> for Store<E> {
    async fn append(&self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        ask!(self, store => store.append(appends).await)
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError> {
        ask!(self, store => store.read_stream(stream, after, limit).await)
    }

    async fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> Result<(Option<Snapshot>, Batch<E>), StoreError> {
        ask!(self, store => store.read_from_snapshot(stream, until, limit).await)
    }

    async fn list_snapshots(
        &self,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<SnapshotEntry>, StoreError> {
        ask!(self, store => store.list_snapshots(stream, after, limit).await)
    }

    async fn stream_version(&self, stream: &StreamId, until: Moment) -> Result<Version, StoreError> {
        ask!(self, store => store.stream_version(stream, until).await)
    }

    async fn read_commands(&self, command_ids: Vec<Uuid>) -> Result<Vec<Option<Committed<E>>>, StoreError> {
        ask!(self, store => store.read_commands(command_ids).await)
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        ask!(self, store => store.read_all(after, limit).await)
    }

    async fn end(&self) -> Result<Position, StoreError> {
        ask!(self, store => store.end().await)
    }

    async fn come_up_to_date(&self) -> Result<(), StoreError> {
        ask!(self, store => store.come_up_to_date().await)
    }

    fn acknowledged(&self) -> Option<Position> {
        ask!(self, store => store.acknowledged())
    }

    fn look(&self) {
        ask!(self, store => store.look());
    }

    fn published(&self) -> broadcast::Receiver<Published<E>> {
        ask!(self, store => store.published())
    }
}

impl<E: StoredEvent> HandlerRecords for Store<E> {
    fn is_durable(&self) -> bool {
        ask!(self, store => store.is_durable())
    }

    async fn read_progress(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        ask!(self, store => store.read_progress(handler).await)
    }

    async fn begin_progress(&self, handler: &str, start: Progress) -> Result<Progress, StoreError> {
        ask!(self, store => store.begin_progress(handler, start).await)
    }

    async fn write_progress(&self, handler: &str, progress: Progress, parked: ParkedChange) -> Result<(), StoreError> {
        ask!(self, store => store.write_progress(handler, progress, parked).await)
    }

    async fn write_repeatable_progress(&self, handler: &str, progress: Progress) -> Result<(), StoreError> {
        ask!(self, store => store.write_repeatable_progress(handler, progress).await)
    }

    async fn read_parked(&self, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, StoreError> {
        ask!(self, store => store.read_parked(after, limit).await)
    }

    async fn write_projections(&self, updates: Vec<ProjectionUpdate>) -> Result<Vec<ProjectionWritten>, StoreError> {
        ask!(self, store => store.write_projections(updates).await)
    }

    async fn read_projection(&self, projection: &str) -> Result<Option<StoredProjection>, StoreError> {
        ask!(self, store => store.read_projection(projection).await)
    }

    async fn try_acquire_lease(&self) -> Result<Option<HandlersLease>, StoreError> {
        ask!(self, store => store.try_acquire_lease().await)
    }
}
