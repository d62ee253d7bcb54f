//! Reader threads, each with its own connection: SQLite lets them see the last commit while the next one is written.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::file_error::FileError;
use super::tables::format::Format;
use super::tables::stored_log::StoredLog;
use crate::engine::runtime::panic_message;

/// The number of reader threads.
pub(super) const READERS: usize = 2;

pub(super) type ReadRequest<E> = Box<dyn FnOnce(&mut LogReader<E>) + Send>;

pub(super) struct LogReader<E> {
    connection: Connection,
    log: StoredLog<E>,
    is_closed: bool,
}

impl<E> LogReader<E> {
    pub(super) fn new(connection: Connection, format: Format) -> Self {
        Self { connection, log: StoredLog::of(format), is_closed: false }
    }

    /// Stops after the current request.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Serves requests until closed, or until the queue is.
    pub(super) fn serve(mut self, requests: &Mutex<mpsc::Receiver<ReadRequest<E>>>) {
        while !self.is_closed {
            let request = requests.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
            match request {
                Some(read) => read(&mut self),
                None => return,
            }
        }
    }

    /// Runs `read` on a consistent view of the file, whatever is written meanwhile. A panic becomes an error, and the
    /// thread survives.
    pub(super) fn read<R>(
        &mut self,
        read: impl FnOnce(&Connection, &mut StoredLog<E>) -> Result<R, FileError>,
    ) -> Result<R, FileError> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        let Self { connection, log, .. } = self;
        let answer = catch_unwind(AssertUnwindSafe(|| {
            log.format(connection)?;
            read(connection, log)
        }))
        .unwrap_or_else(|panic| Err(FileError::Panicked(panic_message(panic.as_ref()))));
        let ended = self.connection.prepare_cached("COMMIT").and_then(|mut statement| statement.execute([]));
        // The first error is the informative one.
        let answer = answer?;
        ended?;
        Ok(answer)
    }
}

/// The queue shared by all readers.
pub(super) type SharedQueue<E> = Arc<Mutex<mpsc::Receiver<ReadRequest<E>>>>;
