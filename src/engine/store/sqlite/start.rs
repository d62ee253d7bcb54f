//! Opens the store: starts its threads and connects them.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::files::acknowledged_end::AcknowledgedEnd;
use super::files::file_identities::FileIdentities;
use super::files::sole_access;
use super::log_reader::{LogReader, READERS, SharedQueue};
use super::log_writer::LogWriter;
use super::log_writer::replication::Replication;
use super::log_writer::{checkpointer, replies};
use super::open::{self, Opened};
use super::open::{compiled, error};
use super::replica;
use super::tables::format::Format;
use super::tables::schema;
use super::threads::{IdleThread, Threads};
use super::{SqliteOptions, SqliteStore};
use crate::engine::runtime::{StopReason, StoreFailure, StoreFailureKind, Supervisor};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::{CommitLog, Replica};
use crate::engine::store::{OpenStoreError, Publisher};

const WRITE_QUEUE_CAPACITY: usize = 4_096;
const READ_QUEUE_CAPACITY: usize = 256;

impl<E: StoredEvent> SqliteStore<E> {
    /// Opens or creates a file. It stays open until the supervisor stops or the last handle is dropped. This blocks on
    /// the disk: asynchronous callers run it on a blocking thread.
    ///
    /// # Errors
    ///
    /// Returns [`OpenStoreError`] if the file cannot be opened. Its contents are unchanged.
    pub fn open(path: &Path, options: SqliteOptions, supervisor: &Supervisor) -> Result<Self, OpenStoreError> {
        Self::open_with(path, options, None, supervisor)
    }

    /// Opens or creates a file as [`SqliteStore::open`] does, as a replica of a log: events count once the log has accepted
    /// them, and the file takes in those of other programs.
    ///
    /// # Errors
    ///
    /// Returns [`OpenStoreError`] if the file cannot be opened, is no replica of the log, or the log cannot be read.
    pub fn open_replica(
        path: &Path,
        options: SqliteOptions,
        log: Arc<dyn CommitLog>,
        supervisor: &Supervisor,
    ) -> Result<Self, OpenStoreError> {
        Self::open_with(path, options, Some(log), supervisor)
    }

    fn open_with(
        path: &Path,
        options: SqliteOptions,
        log: Option<Arc<dyn CommitLog>>,
        supervisor: &Supervisor,
    ) -> Result<Self, OpenStoreError> {
        compiled::log_missing_flags();
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
        let opened = open::open::<E>(path, options)?;
        let sequence = match replica::follow(&opened, log.as_ref()) {
            Ok(sequence) => sequence,
            Err(error) => {
                opened.abandon();
                return Err(error);
            }
        };
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

        let publisher = Publisher::new(options.published_capacity).traced(options.is_traced);
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
        let replication = log.clone().map(|log| Replication::new(log, sequence));
        let replica = log.zip(replication.as_ref()).map(|(log, replication)| {
            let published = replication.published();
            Replica { log, published }
        });
        if let Some(replica) = &replica {
            supervisor.spawn("replica", replica::wake(replica.clone(), writes.downgrade()));
        }
        let mut writer =
            LogWriter::new(opened, identities.clone(), acknowledged.clone(), publisher, checkpoints, replication);
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
        Ok(Self { writes, reads, listeners, acknowledged, path, open_file: weak_open_file, identities, replica })
    }
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
        let sqlite = |error: rusqlite::Error| match error::too_many_open(&error) {
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
