//! The store that is one SQLite file: what it has answered is on the disk.
//!
//! One thread writes, a few read, and one moves the write-ahead log into the file. Several processes
//! may have the same file open. Beside an open file stand SQLite's own `-wal` and `-shm`, `-end`, which knows what
//! was acknowledged, and `-handlers`, which is locked by the process whose handlers have effects outside. When the last
//! process closes the file, they go: a closed file is all there is.
//!
//! # Paused time
//!
//! A runtime whose time is paused (`tokio::time::pause`) moves it on whenever all its tasks wait, and it does not know
//! of the threads here. A task that waits for the disk looks to it as one that has nothing to do: a timeout or a delay
//! elsewhere is then over at once, however quick the disk is. A caller that waits for everyone to have seen its command
//! may be told who lags, a handler may be given an event again too soon, and a watch on time may see hours go by. What
//! is stored is not affected, nor is the time that events are stored with, which is the
//! [`Clock`](crate::engine::runtime::Clock)'s. The threads themselves go by real time: how long another program is waited
//! for cannot be shortened. Tests that pause time use the store in [`memory`](super::memory), whose task the runtime
//! knows.

mod acknowledged;
mod alone;
mod answers;
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
mod form;
mod handler_records;
mod handler_rows;
mod hard_links;
mod in_place;
mod in_use;
mod lease;
mod lock_holder;
mod log_reader;
mod log_writer;
mod long_wait;
mod new_store;
mod open;
mod open_error;
mod open_here;
mod others;
mod projection_rows;
mod properties;
mod records;
mod requests;
mod row_set;
mod row_sets;
mod schema;
mod snapshots;
mod stored_log;
mod stream_version;
mod tables;
mod threads;
mod transaction;
mod upgrade;
mod verify;
mod waiting;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

use rusqlite::Connection;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use uuid::Uuid;

use self::acknowledged::AcknowledgedEnd;
pub use self::backup::{BackupError, BackupStep};
pub use self::companions::ending_of_companion;
use self::form::Form;
use self::in_place::InPlace;
use self::log_reader::{LogReader, READERS, ReadRequest, SharedQueue};
use self::log_writer::LogWriter;
pub use self::new_store::NewStore;
use self::open::Opened;
pub use self::open_error::OpenStoreError;
use self::open_here::OpenHere;
pub use self::open_here::is_open_here;
use self::requests::WriteRequest;
use self::stored_log::{FileError, LogEnd, StoredLog};
use self::threads::{Idle, Threads};
use self::transaction::Written;
pub use self::verify::{Verification, Verified};
use super::log_head::LogHead;
use super::{
    Append, Appended, Committed, EventStore, Listeners, PUBLISHED_CAPACITY, Published, Publisher, Snapshot, StoreError,
};
use crate::engine::log::{Batch, Moment, Position, RecordedEvent, StreamId, Version};
use crate::engine::runtime::{StopReason, StoreFailure, StoreFailureKind, Supervisor, offer};
use crate::engine::store::codec::StoredEvent;

const WRITE_QUEUE_CAPACITY: usize = 4_096;
const READ_QUEUE_CAPACITY: usize = 256;

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// Opens a log that has lost its end as it is. What was lost is lost.
    pub accept_loss: bool,
    /// How many commits a subscriber may fall behind before it has to read on from the store.
    pub published_capacity: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { accept_loss: false, published_capacity: PUBLISHED_CAPACITY }
    }
}

/// The file that a URL names: a path, with or without `sqlite:` before it. `None` for another kind of URL, which only
/// looks like a path.
pub fn path_named_by(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let is_path = !path.is_empty() && !path.contains("://") && !path.contains('\0');
    is_path.then(|| Path::new(path))
}

/// A handle on the open file.
#[derive(Clone, Debug)]
pub struct SqliteStore<E> {
    writes: mpsc::Sender<WriteRequest<E>>,
    reads: mpsc::Sender<ReadRequest<E>>,
    listeners: Listeners<E>,
    acknowledged: Arc<AcknowledgedEnd>,
    path: Arc<Path>,
    here: Weak<OpenHere>,
    in_place: Arc<InPlace>,
}

/// What a store needs besides, of which the system may have too little.
struct Connections {
    moving: Connection,
    reading: [Connection; READERS],
    in_place: Arc<InPlace>,
    end_file: File,
    runtime: tokio::runtime::Runtime,
}

impl Connections {
    /// Answers in words what there is too little of.
    fn of(Opened { path, end_file, .. }: &Opened) -> Result<Self, StoreFailure> {
        let sqlite = |error: rusqlite::Error| match open_error::too_many_open(&error) {
            Some(too_many) => StoreFailure::from(too_many),
            None => StoreFailure::from(error),
        };
        let io = |error: io::Error| StoreFailure::from(error);
        let read = || schema::connect_to_read(path).map_err(sqlite);
        Ok(Self {
            moving: schema::connect(path).map_err(sqlite)?,
            reading: [read()?, read()?],
            in_place: Arc::new(InPlace::now(&path.as_path().into()).map_err(io)?),
            end_file: end_file.share().map_err(io)?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(io)?,
        })
    }
}

impl<E: StoredEvent> SqliteStore<E> {
    /// Opens a file, or makes it. It stays open until the supervisor stops or the last handle is gone. This
    /// reads from the disk: asynchronous callers let a thread for that do it.
    ///
    /// # Errors
    ///
    /// [`OpenStoreError`]: what is wrong with the file. Nothing in it was changed.
    pub fn open(path: &Path, options: SqliteOptions, supervisor: &Supervisor) -> Result<Self, OpenStoreError> {
        let thread = |name| {
            Idle::start(name).map_err(|error| OpenStoreError::Failed {
                path: path.into(),
                reason: StoreFailure::caused_by(
                    format!("no thread can be started: {error}"),
                    StoreFailureKind::Other,
                    error,
                ),
            })
        };
        let (checkpointer_thread, writer_thread) = (thread("checkpoints")?, thread("writer")?);
        let reader_threads: [Idle; READERS] = [thread("reader")?, thread("reader")?];
        let opened = open::open::<E>(path, options.accept_loss)?;
        let (mut opened, connections) = match Connections::of(&opened) {
            Ok(connections) => (opened, connections),
            Err(reason) => {
                let path = opened.path.clone();
                opened.give_up();
                return Err(OpenStoreError::Failed { path, reason });
            }
        };
        let Connections { moving, reading, in_place, end_file, runtime } = connections;
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
        let here = opened.here.clone();
        // Each thread keeps the file open here until its connection is closed.
        let open_here = here.clone();
        threads.run(checkpointer_thread, move || {
            checkpointer::serve(&weak, moving, &woken);
            drop(open_here);
        });

        let form = opened.form;
        // A program of before, which may have a file of the first form open, acknowledges without waiting.
        let presence = (form == Form::Second).then(|| here.presence());
        let answers_from = opened.answers_from;
        let queue: SharedQueue<E> = Arc::new(Mutex::new(read_requests));
        for (thread, connection) in reader_threads.into_iter().zip(reading) {
            let reader = LogReader::new(connection, form);
            let (queue, open_here) = (queue.clone(), here.clone());
            threads.run(thread, move || {
                reader.serve(&queue);
                drop(open_here);
            });
        }

        let weak_here = Arc::downgrade(&here);
        let acknowledged = Arc::new(AcknowledgedEnd::new(end_file, opened.end.end.position, presence));
        let to_let_go = acknowledged.clone();
        let mut writer = LogWriter::new(opened, in_place.clone(), acknowledged.clone(), publisher, checkpoints);
        let (close, closed) = oneshot::channel();
        let (ending, has_ended) = watch::channel(());
        let (failed, has_failed) = oneshot::channel();
        let answers = answers::deliver(supervisor.runtime());
        let read_queue = reads.clone();
        let write = move || {
            runtime.block_on(writer.serve(write_requests, answers, closed, failed));
            let closing = writer.into_closing();
            for _ in 0..READERS {
                // An error says that a reader has ended already.
                let _ = read_queue.blocking_send(Box::new(LogReader::close));
            }
            drop((read_queue, runtime));
            threads.wait();
            drop(here);
            if let Some(closing) = closing {
                closing.close();
            }
            // Whoever has a handle still has no file open by it.
            to_let_go.close();
            drop(ending);
        };
        supervisor.ends_with(close, has_ended, writer_thread.run(write));
        supervisor.spawn("event store", async move {
            match has_failed.await {
                Ok(message) => Err(StopReason::StoreFailed { message }),
                // The writer has ended, as it does when the store is closed or nobody can ask any more.
                Err(_) => Ok(()),
            }
        });
        alone::wait_until(answers_from);
        Ok(Self { writes, reads, listeners, acknowledged, path, here: weak_here, in_place })
    }

    /// The file, with no symbolic links in its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks whether the file, and what SQLite keeps beside it, still stands where it was opened. Where it does not, the
    /// store stops.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]: what is not there; [`StoreError::Closed`]: the store has stopped, that may be why.
    pub fn in_place(&self) -> Result<(), StoreError> {
        let here = self.here.upgrade().ok_or(StoreError::Closed)?;
        self.in_place.check(&here).map_err(|gone| {
            // Where the queue is full, the writer finds out by itself.
            let _ = self.writes.try_send(WriteRequest::Look);
            StoreError::Failed(gone.into())
        })
    }

    /// The head that the log had at a position, or has now; `None` for a position that the log has not reached.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
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
        // A writer that has ended has answered everyone, unless it has panicked.
        answer.await.map_err(|_| StoreError::OutcomeUnknown("the writer has ended in a panic".into()))?
    }

    async fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &mut StoredLog<E>) -> Result<R, FileError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (reply, answer) = oneshot::channel();
        let read = move |reader: &mut LogReader<E>| {
            // A reply nobody waits for any more is no error: the caller went away.
            let _ = reply.send(reader.read(read));
        };
        self.ask_reader(Box::new(read)).await?;
        let answer = answer.await.map_err(|_| StoreError::Closed)?;
        answer.map_err(|error| unreadable(&self.path, error))
    }

    /// What was read is known here, whoever has stored it.
    fn saw(&self, events: &[RecordedEvent<E>]) {
        if let Some(last) = events.last() {
            self.acknowledged.saw(last.position.get());
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
    StoreError::Failed(error.into_failure(|said| format!("{}: {said}", path.display())))
}

impl<E: StoredEvent> EventStore<E> for SqliteStore<E> {
    async fn append(&self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let appends = appends.into_iter().map(Written::new).collect::<Result<_, _>>()?;
        self.write(WriteRequest::Append { appends, reply }, answer).await
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError> {
        let stream = stream.clone();
        let events = self.read(move |connection, log| log.read_stream(connection, &stream, after, limit)).await?;
        self.saw(&events);
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
            let snapshot = match log.form(connection)? {
                Form::First => None,
                Form::Second => snapshots::read_snapshot(connection, stream.as_str(), until)?,
            };
            let after = snapshot.as_ref().map_or(Version::START, |snapshot| snapshot.version);
            Ok((snapshot, log.read_stream(connection, &stream, after, limit)?))
        });
        let (snapshot, events) = read.await?;
        if let Some(snapshot) = &snapshot {
            self.acknowledged.saw(snapshot.position.get());
        }
        self.saw(&events);
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
            self.saw(&events);
            Committed::whole(events.into())
        };
        Ok(read.await?.into_iter().map(|events| events.map(whole)).collect())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        let events = self.read(move |connection, log| log.read_all(connection, after, limit)).await?;
        self.saw(&events);
        Ok(events.into())
    }

    async fn end(&self) -> Result<Position, StoreError> {
        let end = self.read(|connection, _| Ok(LogEnd::read(connection)?)).await?.end;
        self.acknowledged.saw(end.position);
        Ok(Position::new(end.position))
    }

    fn acknowledged(&self) -> Option<Position> {
        if self.writes.is_closed() { None } else { self.acknowledged.position().map(Position::new) }
    }

    fn look(&self) {
        // Where the queue is full, the next commit publishes what others have written.
        if self.acknowledged.wants_look() && self.writes.try_send(WriteRequest::Look).is_err() {
            self.acknowledged.look_begins();
        }
    }

    fn published(&self) -> broadcast::Receiver<Published<E>> {
        self.listeners.subscribe()
    }
}
