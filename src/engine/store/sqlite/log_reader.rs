//! Threads that read, each with a connection of its own: SQLite lets them see the last commit while the next one
//! is written.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::form::Form;
use super::stored_log::{FileError, StoredLog};
use crate::engine::runtime::panic_message;

/// How many reads can go on at the same time.
pub(super) const READERS: usize = 2;

pub(super) type ReadRequest<E> = Box<dyn FnOnce(&mut LogReader<E>) + Send>;

pub(super) struct LogReader<E> {
    connection: Connection,
    log: StoredLog<E>,
    is_closed: bool,
}

impl<E> LogReader<E> {
    pub(super) fn new(connection: Connection, form: Form) -> Self {
        Self { connection, log: StoredLog::of(form), is_closed: false }
    }

    /// Answers no more requests after this one.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Answers requests until it is closed, or nobody can ask any more.
    pub(super) fn serve(mut self, requests: &Mutex<mpsc::Receiver<ReadRequest<E>>>) {
        while !self.is_closed {
            let request = requests.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
            match request {
                Some(read) => read(&mut self),
                None => return,
            }
        }
    }

    /// Reads one state of the file, whatever is written meanwhile. A panic is answered with what it said: the thread
    /// lives on.
    pub(super) fn read<R>(
        &mut self,
        read: impl FnOnce(&Connection, &mut StoredLog<E>) -> Result<R, FileError>,
    ) -> Result<R, FileError> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        let Self { connection, log, .. } = self;
        let answer = catch_unwind(AssertUnwindSafe(|| {
            log.form(connection)?;
            read(connection, log)
        }))
        .unwrap_or_else(|panic| Err(FileError::Panicked(panic_message(panic.as_ref()))));
        let ended = self.connection.prepare_cached("COMMIT").and_then(|mut statement| statement.execute([]));
        // What went wrong first says more than what came of it.
        let answer = answer?;
        ended?;
        Ok(answer)
    }
}

/// A queue that several readers take from.
pub(super) type SharedQueue<E> = Arc<Mutex<mpsc::Receiver<ReadRequest<E>>>>;
