//! The writer of a file that is a replica: where the file stands in the log that all replicas follow.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::watch;
use uuid::Uuid;

use super::record_appends::WritableLog;
use super::take_in::take_in;
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::{CommitLog, LogError, Replicated, wait_at_most};
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::files::end_file::End;
use crate::engine::store::sqlite::tables::log_place;

/// How long another program counts as one that writes.
const SEES_OTHERS_FOR: Duration = Duration::from_millis(100);

/// How many round trips it takes at most until one has offered that was waiting.
const ROUND_TRIPS: u32 = 3;

/// How many entries one commit takes in at most.
const MOST_AT_ONCE: u64 = 1_024;

pub(in crate::engine::store::sqlite) struct Replication {
    pub(super) log: Arc<dyn CommitLog>,
    /// Who writes, so that no other program writes the same bytes.
    pub(super) writer: Uuid,
    /// The last entry that the file holds, with those of the current transaction.
    pub(super) sequence: u64,
    /// When another program's entry came last.
    others_at: Option<Instant>,
    /// How long the last offer took, if that was the last thing that happened.
    pub(super) offer_took: Option<Duration>,
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
            others_at: None,
            offer_took: None,
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
        self.log.received(self.sequence).map_or(true, |entries| !entries.is_empty())
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
            take_in(connection, log, &entries, &mut self.sequence)?;
        }
        if self.sequence > begun {
            (self.others_at, self.offer_took) = (Some(Instant::now()), None);
            self.write(connection)?;
        }
        Ok(())
    }

    /// After a commit of its own, a writer that sees others waits for one of theirs: they have to receive the commit, take it
    /// in and offer, and would come too late each time.
    pub(super) fn yield_to_others(&mut self) {
        let seen_at = self.others_at.max(self.log.turn_asked_at());
        let sees_others = seen_at.is_some_and(|at| at.elapsed() < SEES_OTHERS_FOR);
        if let Some(round_trip) = self.offer_took.take().filter(|_| sees_others) {
            wait_at_most(ROUND_TRIPS * round_trip, self.log.reception(self.sequence));
        }
    }

    /// Writes where the file stands, with the events of the same transaction.
    pub(super) fn write(&self, connection: &Connection) -> Result<(), FileError> {
        Ok(log_place::write(connection, self.log.name(), self.sequence)?)
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
