//! The store in one SQLite file: everything acknowledged is on the disk.
//!
//! One thread writes, a few read, and one moves the write-ahead log into the file. Several processes may have the same
//! file open. An open file has companions beside it: SQLite's own `-wal` and `-shm`; `-end`, which records what was
//! acknowledged; and `-handlers`, locked by the process whose handlers have external effects. The last process to close
//! the file removes them: a closed file is complete on its own.
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

mod acknowledged;
mod backup;
mod batch_insert;
mod checked;
mod checkpointer;
mod close;
mod command_ids;
mod companions;
mod create;
mod disk_full;
mod end_file;
mod failure;
mod file_identities;
mod foreign_lock;
mod format;
mod group_commit;
mod handler_records;
mod handler_rows;
mod hard_links;
mod in_use_mark;
mod lease;
mod lock_holder;
mod log_reader;
mod log_writer;
mod long_wait;
mod new_store;
mod open;
mod open_error;
mod open_file;
mod projection_rows;
mod properties;
mod records;
mod replies;
mod requests;
mod row_set;
mod row_sets;
mod schema;
mod snapshots;
mod sole_access;
mod stored_log;
mod stream_version;
mod tables;
mod threads;
mod transaction;
mod upgrade;
mod verify;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

use rusqlite::Connection;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use uuid::Uuid;

use self::acknowledged::AcknowledgedEnd;
use self::file_identities::FileIdentities;
use self::format::Format;
use self::log_reader::{LogReader, READERS, ReadRequest, SharedQueue};
use self::log_writer::LogWriter;
pub use self::new_store::NewStore;
use self::open::Opened;
use self::open_file::OpenFile;
pub(in crate::engine) use self::open_file::is_open_here;
use self::requests::WriteRequest;
use self::stored_log::{FileError, LogEnd, StoredLog};
use self::threads::{IdleThread, Threads};
use self::transaction::EncodedAppend;
use super::log_head::LogHead;
use super::{
    Append, Appended, Committed, EventStore, Listeners, OpenStoreError, PUBLISHED_CAPACITY, Published, Publisher,
    Snapshot, StoreError,
};
use crate::engine::log::{Batch, Moment, Position, RecordedEvent, StreamId, Version};
use crate::engine::runtime::{StopReason, StoreFailure, StoreFailureKind, Supervisor, offer};
use crate::engine::store::codec::StoredEvent;

const WRITE_QUEUE_CAPACITY: usize = 4_096;
const READ_QUEUE_CAPACITY: usize = 256;

/// Options for opening a file.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// Opens a log that has lost acknowledged events. They stay lost.
    pub accept_loss: bool,
    /// How many commits a subscriber may fall behind before it must read from the store.
    pub published_capacity: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { accept_loss: false, published_capacity: PUBLISHED_CAPACITY }
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
}

/// Further resources that a store needs and that the system may refuse.
struct Connections {
    checkpointing: Connection,
    reader_connections: [Connection; READERS],
    identities: Arc<FileIdentities>,
    end_file: File,
    runtime: tokio::runtime::Runtime,
}

impl Connections {
    /// Returns an error that names what the system lacks.
    fn of(Opened { path, end_file, .. }: &Opened) -> Result<Self, StoreFailure> {
        let sqlite = |error: rusqlite::Error| match open_error::too_many_open(&error) {
            Some(too_many) => StoreFailure::from(too_many),
            None => StoreFailure::from(error),
        };
        let io = |error: io::Error| StoreFailure::from(error);
        let read = || schema::connect_to_read(path).map_err(sqlite);
        Ok(Self {
            checkpointing: schema::connect(path).map_err(sqlite)?,
            reader_connections: [read()?, read()?],
            identities: Arc::new(FileIdentities::at(&path.as_path().into()).map_err(io)?),
            end_file: end_file.share().map_err(io)?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(io)?,
        })
    }
}

impl<E: StoredEvent> SqliteStore<E> {
    /// Opens or creates a file. It stays open until the supervisor stops or the last handle is dropped. This blocks on
    /// the disk: asynchronous callers run it on a blocking thread.
    ///
    /// # Errors
    ///
    /// Returns [`OpenStoreError`] if the file cannot be opened. Its contents are unchanged.
    pub fn open(path: &Path, options: SqliteOptions, supervisor: &Supervisor) -> Result<Self, OpenStoreError> {
        let thread = |name| {
            IdleThread::start(name).map_err(|error| OpenStoreError::Failed {
                path: path.into(),
                reason: StoreFailure::caused_by(
                    format!("no thread can be started: {error}"),
                    StoreFailureKind::Other,
                    error,
                ),
            })
        };
        let (checkpointer_thread, writer_thread) = (thread("checkpoints")?, thread("writer")?);
        let reader_threads: [IdleThread; READERS] = [thread("reader")?, thread("reader")?];
        let opened = open::open::<E>(path, options.accept_loss)?;
        let (mut opened, connections) = match Connections::of(&opened) {
            Ok(connections) => (opened, connections),
            Err(reason) => {
                let path = opened.path.clone();
                opened.abandon();
                return Err(OpenStoreError::Failed { path, reason });
            }
        };
        let Connections { checkpointing, reader_connections, identities, end_file, runtime } = connections;
        let path: Arc<Path> = opened.path.clone().into();

        let publisher = Publisher::new(options.published_capacity);
        let listeners = publisher.listeners();
        let (writes, write_requests) = mpsc::channel(WRITE_QUEUE_CAPACITY);
        let (reads, read_requests) = mpsc::channel(READ_QUEUE_CAPACITY);
        let mut threads = Threads::new();

        let (checkpoints, woken) = checkpointer::WalCheckpoints::new();
        let watched = checkpoints.watch(&mut opened.connection);
        watched.map_err(|error| OpenStoreError::Failed { path: path.to_path_buf(), reason: error.into() })?;
        let weak = Arc::downgrade(&checkpoints);
        let open_file = opened.open_file.clone();
        // Each thread holds a reference until its connection is closed.
        let reference = open_file.clone();
        threads.run(checkpointer_thread, move || {
            checkpointer::serve(&weak, checkpointing, &woken);
            drop(reference);
        });

        let format = opened.format;
        // An older program, which may have a file of the first format open, acknowledges without waiting.
        let presence = (format == Format::Second).then(|| open_file.presence());
        let silent_until = opened.silent_until;
        let queue: SharedQueue<E> = Arc::new(Mutex::new(read_requests));
        for (thread, connection) in reader_threads.into_iter().zip(reader_connections) {
            let reader = LogReader::new(connection, format);
            let (queue, reference) = (queue.clone(), open_file.clone());
            threads.run(thread, move || {
                reader.serve(&queue);
                drop(reference);
            });
        }

        let weak_open_file = Arc::downgrade(&open_file);
        let acknowledged = Arc::new(AcknowledgedEnd::new(end_file, opened.end.end.position, presence));
        let acknowledged_by_writer = acknowledged.clone();
        let mut writer = LogWriter::new(opened, identities.clone(), acknowledged.clone(), publisher, checkpoints);
        let (close, closed) = oneshot::channel();
        let (ended_sender, has_ended) = watch::channel(());
        let (failed, has_failed) = oneshot::channel();
        let answers = replies::spawn_delivery(supervisor.runtime());
        let read_queue = reads.clone();
        let write = move || {
            runtime.block_on(writer.serve(write_requests, answers, closed, failed));
            let closing = writer.into_closing();
            for _ in 0..READERS {
                // An error means that the readers have already ended.
                let _ = read_queue.blocking_send(Box::new(LogReader::close));
            }
            drop((read_queue, runtime));
            threads.wait();
            drop(open_file);
            if let Some(closing) = closing {
                closing.close();
            }
            // A remaining handle must keep no descriptor open.
            acknowledged_by_writer.close();
            drop(ended_sender);
        };
        supervisor.ends_with(close, has_ended, writer_thread.run(write));
        supervisor.spawn("event store", async move {
            match has_failed.await {
                Ok(message) => Err(StopReason::StoreFailed { message }),
                // The writer has ended because the store was closed or its last handle was dropped.
                Err(_) => Ok(()),
            }
        });
        sole_access::wait_until(silent_until);
        Ok(Self { writes, reads, listeners, acknowledged, path, open_file: weak_open_file, identities })
    }

    /// The file's path, with symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.path
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
        self.read(move |connection, _| {
            let end = LogEnd::read(connection)?.end;
            let at = at.map_or(end.position, Position::get);
            if at > end.position {
                return Ok(None);
            }
            Ok(Some(LogHead::new(Position::new(at), &stored_log::hash_at(connection, at)?)))
        })
        .await
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
        answer.await.map_err(|_| StoreError::OutcomeUnknown("the writer has ended in a panic".into()))?
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

impl<E: StoredEvent> EventStore<E> for SqliteStore<E> {
    async fn append(&self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let appends = appends.into_iter().map(EncodedAppend::new).collect::<Result<_, _>>()?;
        self.write(WriteRequest::Append { appends, reply }, answer).await
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError> {
        let stream = stream.clone();
        let events = self.read(move |connection, log| log.read_stream(connection, &stream, after, limit)).await?;
        self.raise_seen(&events);
        Ok(events.into())
    }

    async fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> Result<(Option<Snapshot>, Batch<E>), StoreError> {
        let stream = stream.clone();
        let read = self.read(move |connection, log| {
            let snapshot = match log.format(connection)? {
                Format::First => None,
                Format::Second => snapshots::read_snapshot(connection, stream.as_str(), until)?,
            };
            let after = snapshot.as_ref().map_or(Version::START, |snapshot| snapshot.version);
            Ok((snapshot, log.read_stream(connection, &stream, after, limit)?))
        });
        let (snapshot, events) = read.await?;
        if let Some(snapshot) = &snapshot {
            self.acknowledged.raise_seen(snapshot.position.get());
        }
        self.raise_seen(&events);
        Ok((snapshot, events.into()))
    }

    async fn stream_version(&self, stream: &StreamId, until: Moment) -> Result<Version, StoreError> {
        let stream = stream.clone();
        self.read(move |connection, log| log.stream_version(connection, &stream, until)).await
    }

    async fn read_commands(&self, command_ids: Vec<Uuid>) -> Result<Vec<Option<Committed<E>>>, StoreError> {
        let read = self.read(move |connection, log| {
            let commands = command_ids.into_iter().map(|command_id| log.read_command(connection, command_id));
            commands.collect::<Result<Vec<_>, _>>()
        });
        let whole = |events: Vec<RecordedEvent<E>>| {
            self.raise_seen(&events);
            Committed::whole(events.into())
        };
        Ok(read.await?.into_iter().map(|events| events.map(whole)).collect())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        let events = self.read(move |connection, log| log.read_all(connection, after, limit)).await?;
        self.raise_seen(&events);
        Ok(events.into())
    }

    async fn end(&self) -> Result<Position, StoreError> {
        let end = self.read(|connection, _| Ok(LogEnd::read(connection)?)).await?.end;
        self.acknowledged.raise_seen(end.position);
        Ok(Position::new(end.position))
    }

    fn acknowledged(&self) -> Option<Position> {
        if self.writes.is_closed() { None } else { self.acknowledged.position().map(Position::new) }
    }

    fn look(&self) {
        // If the queue is full, the next commit publishes other processes' commits.
        if self.acknowledged.request_look() && self.writes.try_send(WriteRequest::Look).is_err() {
            self.acknowledged.end_look_request();
        }
    }

    fn published(&self) -> broadcast::Receiver<Published<E>> {
        self.listeners.subscribe()
    }
}
