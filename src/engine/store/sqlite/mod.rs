//! The store in one SQLite file: everything acknowledged is on the disk.
//!
//! One thread writes, a few read, and one moves the write-ahead log into the file. Several processes may have the same
//! file open. An open file has companions beside it: SQLite's own `-wal` and `-shm`; `-end`, which records what was
//! acknowledged; and `-handlers`, locked by the process whose handlers have external effects. The last process to close
//! the file removes them: a closed file is complete on its own.
//!
//! Its rooms: `files` is what stands on the disk, `tables` what the file holds; `open` checks both, and `log_writer` and
//! `log_reader` serve the requests of the store.
//!
//! # Paused time
//!
//! A runtime with paused time (`tokio::time::pause`) advances its clock whenever all its tasks wait, and does not know
//! of the threads here. While a task waits for the disk, timeouts and delays elsewhere expire at once: a caller that
//! waits for strong consistency may be told who lags, a handler may receive a redelivered event too soon, and a timer
//! may see hours go by. Stored data are not affected, nor are the times of events, which come from the
//! [`Clock`](crate::engine::runtime::Clock). The threads themselves use real time, so waiting for another program
//! cannot be shortened. Tests that pause time should use the [`memory`](super::memory) store, whose task the runtime
//! knows.

mod backup;
mod close;
mod event_store;
mod failure;
mod file_error;
mod files;
mod handler_records;
mod log_reader;
mod log_writer;
mod new_store;
mod open;
mod replica;
mod start;
mod tables;
mod threads;
mod verify;

use std::path::Path;
use std::sync::{Arc, Weak};

use tokio::sync::{mpsc, oneshot};

use self::file_error::FileError;
use self::files::acknowledged_end::AcknowledgedEnd;
use self::files::file_identities::FileIdentities;
use self::files::lock_holder;
use self::files::open_file::OpenFile;
pub(in crate::engine) use self::files::open_file::is_open_here;
use self::log_reader::{LogReader, ReadRequest};
use self::log_writer::requests::WriteRequest;
pub use self::new_store::NewStore;
use self::tables::format::Format;
use self::tables::log_links::{LogEnd, hash_at};
use self::tables::stored_log::StoredLog;
use self::tables::{parked_numbers, snapshots};
use super::commit_log::Replica;
use super::hash_chain::Hash;
use super::log_head::LogHead;
use super::{Listeners, PUBLISHED_CAPACITY, Snapshot, StoreError};
use crate::engine::log::{Position, RecordedEvent, StreamId};
use crate::engine::runtime::offer;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::Progress;

/// Options for opening a file.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// Opens a log that has lost acknowledged events. They stay lost.
    pub accept_loss: bool,
    /// Opens a file whose contents besides the log may be damaged or forged.
    /// [`Builder::foreign`](crate::engine::Builder::foreign) replaces them.
    pub foreign: bool,
    /// How many commits a subscriber may fall behind before it must read from the store.
    pub published_capacity: usize,
    /// Whether the trace tells of appends. It does not where a log is only copied.
    pub is_traced: bool,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { accept_loss: false, foreign: false, published_capacity: PUBLISHED_CAPACITY, is_traced: true }
    }
}

/// A handle to the open file.
#[derive(Clone, Debug)]
pub struct SqliteStore<E> {
    writes: mpsc::Sender<WriteRequest<E>>,
    reads: mpsc::Sender<ReadRequest<E>>,
    listeners: Listeners<E>,
    acknowledged: Arc<AcknowledgedEnd>,
    path: Arc<Path>,
    open_file: Weak<OpenFile>,
    identities: Arc<FileIdentities>,
    /// The log that the file is a replica of, if it is one.
    replica: Option<Replica>,
}

impl<E: StoredEvent> SqliteStore<E> {
    /// The file's path, with symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The log that the file is a replica of, and how far it has come.
    pub(in crate::engine::store) fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    /// Checks that the file and SQLite's companions are still at the paths where they were opened. If not, the store
    /// stops.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] with the missing file, or [`StoreError::Closed`] if the store has stopped,
    /// possibly for that reason.
    pub fn in_place(&self) -> Result<(), StoreError> {
        let open_file = self.open_file.upgrade().ok_or(StoreError::Closed)?;
        self.identities.check(&open_file).map_err(|gone| {
            // If the queue is full, the writer notices by itself.
            let _ = self.writes.try_send(WriteRequest::Look);
            StoreError::Failed(gone.into())
        })
    }

    /// The head of the log at a position, or its current head; `None` for a position beyond the end of the log.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    pub async fn head(&self, at: Option<Position>) -> Result<Option<LogHead>, StoreError> {
        Ok(self.hash_at(at).await?.map(|(position, hash)| LogHead::new(position, &hash)))
    }

    /// The position and the hash of the event at a position, or of the last one; `None` beyond the end.
    pub(super) async fn hash_at(&self, at: Option<Position>) -> Result<Option<(Position, Hash)>, StoreError> {
        self.read(move |connection, _| {
            let end = LogEnd::read(connection)?.end;
            let at = at.map_or(end.position, Position::get);
            if at > end.position {
                return Ok(None);
            }
            Ok(Some((Position::new(at), hash_at(connection, at)?)))
        })
        .await
    }

    /// Waits until the file holds whatever the log does that it is a replica of, for as long as more comes.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the log cannot be reached, or nothing comes.
    #[cfg(feature = "nats")]
    pub(in crate::engine) async fn catch_up(&self) -> Result<(), StoreError> {
        match &self.replica {
            Some(replica) => replica.catch_up().await,
            None => Ok(()),
        }
    }

    /// The streams that have snapshots.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    pub(in crate::engine) async fn streams_with_snapshots(&self) -> Result<Vec<StreamId>, StoreError> {
        self.read(|connection, log| match log.format(connection)? {
            Format::First => Ok(Vec::new()),
            Format::Second => snapshots::streams_with_snapshots(connection),
        })
        .await
    }

    /// All snapshots of a stream up to a position, latest first, even those that are ignored.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    pub(in crate::engine) async fn all_snapshots(
        &self,
        stream: &StreamId,
        until: Position,
    ) -> Result<Vec<Snapshot>, StoreError> {
        let stream = stream.clone();
        self.read(move |connection, _| snapshots::all_snapshots(connection, stream.as_str(), until)).await
    }

    /// How many events have ever been parked.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    pub(in crate::engine) async fn parked_ever(&self) -> Result<u64, StoreError> {
        self.read(|connection, _| parked_numbers::given(connection)).await
    }

    /// Whether no one else has the file open: no other program, and no other store in this one.
    pub(in crate::engine) fn is_alone(&self) -> bool {
        self.open_file.upgrade().is_some_and(|open_file| open_file.presence().is_certainly_alone())
    }

    /// Drops everything in the file that derives from the log, and stores the progress of these handlers, all in one
    /// commit. Returns `false`, and changes nothing, if someone else has the file open, or had since the log ended at
    /// `end`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if nothing was changed.
    pub(in crate::engine) async fn replace_derived(
        &self,
        handlers: Vec<(String, Progress)>,
        end: Position,
    ) -> Result<bool, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.write(WriteRequest::ReplaceDerived { handlers, end, reply }, answer).await
    }

    async fn write<R>(
        &self,
        request: WriteRequest<E>,
        answer: oneshot::Receiver<Result<R, StoreError>>,
    ) -> Result<R, StoreError> {
        if let Some(request) = offer(&self.writes, request).map_err(|_| StoreError::Closed)? {
            self.writes.send(request).await.map_err(|_| StoreError::Closed)?;
        }
        // A writer replies to every request before it ends, unless it panics.
        answer.await.map_err(|_| StoreError::OutcomeUnknown("the writer panicked".into()))?
    }

    async fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &mut StoredLog<E>) -> Result<R, FileError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (reply, answer) = oneshot::channel();
        let read = move |reader: &mut LogReader<E>| {
            // A failed send is no error: the caller no longer waits.
            let _ = reply.send(reader.read(read));
        };
        self.ask_reader(Box::new(read)).await?;
        let answer = answer.await.map_err(|_| StoreError::Closed)?;
        answer.map_err(|error| unreadable(&self.path, error))
    }

    /// Events read here count as seen by this process, whoever stored them.
    fn raise_seen(&self, events: &[RecordedEvent<E>]) {
        if let Some(last) = events.last() {
            self.acknowledged.raise_seen(last.position.get());
        }
    }

    async fn ask_reader(&self, request: ReadRequest<E>) -> Result<(), StoreError> {
        if self.writes.is_closed() {
            return Err(StoreError::Closed);
        }
        if let Some(request) = offer(&self.reads, request).map_err(|_| StoreError::Closed)? {
            self.reads.send(request).await.map_err(|_| StoreError::Closed)?;
        }
        Ok(())
    }
}

fn unreadable(path: &Path, error: FileError) -> StoreError {
    if error.is_busy() {
        return StoreError::Busy(lock_holder::holder(path));
    }
    StoreError::Failed(error.into_failure(|message| format!("{}: {message}", path.display())))
}
