//! The writer of a file that is a replica: where the file stands in the log that all replicas follow.

use rusqlite::Connection;
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

use super::record_appends::WritableLog;
use super::take_in::take_in;
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::{CommitLog, LogError, OtherWriters, Replicated, wait_at_most};
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::files::end_file::End;
use crate::engine::store::sqlite::tables::log_place;

/// How many entries one commit takes in at most.
const MOST_AT_ONCE: u64 = 1_024;

pub(in crate::engine::store::sqlite) struct Replication {
    pub(super) log: Arc<dyn CommitLog>,
    /// Who writes, so that no other program writes the same bytes.
    pub(super) writer: Uuid,
    /// The last entry that the file holds, with those of the current transaction.
    pub(super) sequence: u64,
    /// The other programs that write.
    pub(super) others: OtherWriters,
    /// The same, once its events are committed and published.
    published: watch::Sender<u64>,
}

impl fmt::Debug for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replication").field("log", &self.log).field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

impl Replication {
    pub(in crate::engine::store::sqlite) fn new(log: Arc<dyn CommitLog>, sequence: u64) -> Self {
        Self {
            log,
            writer: Uuid::new_v4(),
            sequence,
            others: OtherWriters::default(),
            published: watch::Sender::new(sequence),
        }
    }

    /// Tells how far the file has come.
    pub(in crate::engine::store::sqlite) fn published(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// Whether there are entries to take in.
    pub(super) fn has_news(&self) -> bool {
        // An error is found when they are taken in.
        self.log.has_received(self.sequence).unwrap_or(true)
    }

    /// Reads where the file stands, which another program or a rolled-back transaction may have changed.
    pub(super) fn refresh(&mut self, connection: &Connection) -> Result<(), FileError> {
        self.sequence = log_place::read(connection)?.map_or(0, |place| place.sequence);
        Ok(())
    }

    /// Takes in what was received.
    pub(super) fn take_in<E: StoredEvent>(
        &mut self,
        connection: &Connection,
        log: &mut WritableLog<E>,
    ) -> Result<(), FileError> {
        let begun = self.sequence;
        while self.sequence - begun < MOST_AT_ONCE {
            let entries = self.log.received(self.sequence)?;
            if entries.is_empty() {
                break;
            }
            let (own, others) = (self.writer, &mut self.others);
            let wrote = |writer| {
                if writer != own {
                    others.wrote(writer)
                }
            };
            take_in(connection, log, &entries, &mut self.sequence, wrote)?;
        }
        if self.sequence > begun {
            self.write(connection)?;
        }
        Ok(())
    }

    /// After a commit of its own, lets the other programs that write have their turn, and takes in what comes.
    pub(super) fn yield_to_others<E: StoredEvent>(
        &mut self,
        connection: &Connection,
        log: &mut WritableLog<E>,
    ) -> Result<(), FileError> {
        self.take_in(connection, log)?;
        while let Some(at_most) = self.others.turn(self.writer, &self.log.turns_asked()) {
            let begun = self.sequence;
            wait_at_most(at_most, self.log.reception(begun));
            self.take_in(connection, log)?;
            if self.sequence == begun {
                self.others.have_had_their_turn();
            }
        }
        Ok(())
    }

    /// Whether other programs write at the same time, so that what is offered may have been in vain.
    pub(super) fn sees_others(&self) -> bool {
        self.others.write()
    }

    /// Writes where the file stands, with the events of the same transaction.
    fn write(&self, connection: &Connection) -> Result<(), FileError> {
        self.write_place(connection, self.sequence)
    }

    /// The same, for where it stands when an entry will have been accepted.
    pub(super) fn write_place(&self, connection: &Connection, sequence: u64) -> Result<(), FileError> {
        Ok(log_place::write(connection, self.log.name(), sequence)?)
    }

    /// Notes what is committed, before anyone is answered.
    pub(super) fn note(&self, end: End) -> Result<(), FileError> {
        let end = Replicated { sequence: self.sequence, position: Position::new(end.position), hash: end.hash };
        if *self.published.borrow() < self.sequence {
            self.log.note(end).map_err(FileError::EndUnwritten)?;
        }
        Ok(())
    }

    /// What is committed is published.
    pub(super) fn publish(&self) {
        self.published.send_if_modified(|published| std::mem::replace(published, self.sequence) != self.sequence);
    }
}

impl From<LogError> for FileError {
    fn from(error: LogError) -> Self {
        Self::OfLog(match error {
            LogError::Failed(failure) => failure,
            other => other.to_string().into(),
        })
    }
}
