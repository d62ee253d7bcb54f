//! The store that a bank was opened on, whichever it is, as queries read it.
//!
//! The tasks behind a bank are started on the store itself; only reads go through here.

use uuid::Uuid;

use super::AccountEvent;
use crate::engine::event::{Batch, Position, StreamId, Version};
use crate::engine::moment::Moment;
use crate::engine::projection::{Projection, StoredRows};
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent, Progress};
use crate::engine::store::log_head::LogHead;
use crate::engine::store::memory::MemoryStore;
use crate::engine::store::sqlite::SqliteStore;
use crate::engine::store::{Append, Appended, Committed, EventStore as _, Snapshot, StoreError};

#[derive(Clone, Debug)]
pub(super) enum AnyStore {
    Memory(MemoryStore<AccountEvent>),
    Sqlite(SqliteStore<AccountEvent>),
}

impl From<MemoryStore<AccountEvent>> for AnyStore {
    fn from(store: MemoryStore<AccountEvent>) -> Self {
        Self::Memory(store)
    }
}

impl From<SqliteStore<AccountEvent>> for AnyStore {
    fn from(store: SqliteStore<AccountEvent>) -> Self {
        Self::Sqlite(store)
    }
}

/// Asks whichever store it is.
macro_rules! ask {
    ($self:expr, $store:ident => $question:expr) => {
        match $self {
            AnyStore::Memory($store) => $question,
            AnyStore::Sqlite($store) => $question,
        }
    };
}

pub(super) use ask;

type Event = AccountEvent;

impl AnyStore {
    pub(super) async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Batch<Event>, StoreError> {
        ask!(self, store => store.read_stream(stream, after, limit).await)
    }

    pub(super) async fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> Result<(Option<Snapshot>, Batch<Event>), StoreError> {
        ask!(self, store => store.read_from_snapshot(stream, until, limit).await)
    }

    pub(super) async fn stream_version(&self, stream: &StreamId, until: Moment) -> Result<Version, StoreError> {
        ask!(self, store => store.stream_version(stream, until).await)
    }

    pub(super) async fn read_command(&self, command_id: Uuid) -> Result<Option<Committed<Event>>, StoreError> {
        ask!(self, store => store.read_command(command_id).await)
    }

    pub(super) async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<Event>, StoreError> {
        ask!(self, store => store.read_all(after, limit).await)
    }

    pub(super) async fn end(&self) -> Result<Position, StoreError> {
        ask!(self, store => store.end().await)
    }

    pub(super) async fn head(&self, at: Option<Position>) -> Result<Option<LogHead>, StoreError> {
        ask!(self, store => store.head(at).await)
    }

    pub(super) async fn append(&self, appends: Vec<Append<Event>>) -> Result<Appended<Event>, StoreError> {
        ask!(self, store => store.append(appends).await)
    }

    pub(super) async fn read_progress(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        ask!(self, store => store.read_progress(handler).await)
    }

    pub(super) async fn write_progress(&self, handler: &str, progress: Progress) -> Result<(), StoreError> {
        ask!(self, store => store.write_progress(handler, progress, ParkedChange::None).await)
    }

    pub(super) async fn read_parked(&self, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, StoreError> {
        ask!(self, store => store.read_parked(after, limit).await)
    }

    /// The rows of a projection, to be held against the log.
    pub(super) async fn stored_rows<P: Projection<Event>>(&self) -> Result<Option<StoredRows<P>>, StoreError> {
        ask!(self, store => StoredRows::read(store).await)
    }
}
