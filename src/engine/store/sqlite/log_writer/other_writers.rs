//! Follows the other processes that write to the file: publishes their commits and keeps the `-end` file in place.

use super::replication::Replication;
use super::{LogWriter, WAIT_BRIEFLY, data_version};
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::sqlite::file_error::{FileError, is_busy};
use crate::engine::store::sqlite::files::end_file::Deadline;
use crate::engine::store::sqlite::tables::log_links::LogEnd;
use crate::engine::store::{MAX_READ, Published};

impl<E: StoredEvent> LogWriter<E> {
    /// Publishes the commits of other processes, if any.
    pub(super) fn look(&mut self) {
        if self.failed.is_some() {
            return;
        }
        if let Err(gone) = self.identities.check(&self.open_file) {
            return self.fail(gone.into());
        }
        self.restore_end_file();
        if self.replication.as_ref().is_some_and(Replication::has_news) {
            // A commit without requests takes it in.
            self.write(&mut Vec::new());
            return;
        }
        match self.try_look() {
            Err(FileError::Sqlite(error)) if is_busy(&error) => {}
            Err(error) => {
                let failure = error.into_failure(|error| {
                    self.failure(format_args!("the commits of other programs cannot be read: {error}"))
                });
                self.fail(failure);
            }
            Ok(()) => {}
        }
    }

    /// Recreates a removed or replaced `-end` file, so that all programs go on with the same one.
    fn restore_end_file(&mut self) {
        if self.end_file.is_in_place() || self.end_file.lock(Deadline::after(WAIT_BRIEFLY)).is_err() {
            return;
        }
        self.follow_end_file();
        // Errors are ignored: the next commit retries and reports them.
        if self.end_file.is_replacement()
            && let Ok(end) = LogEnd::read(&self.connection)
        {
            let _ = self.end_file.replace(end.end);
        }
        self.end_file.unlock();
    }

    /// Switches readers of the acknowledged end to a replaced `-end` file.
    pub(super) fn follow_end_file(&mut self) {
        if self.end_file.is_replacement()
            && let Ok(file) = self.end_file.share()
        {
            self.acknowledged.follow(file);
        }
    }

    fn try_look(&mut self) -> Result<(), FileError> {
        let data_version = data_version(&self.connection)?;
        if data_version == self.looked_data_version {
            return Ok(());
        }
        let end = LogEnd::read(&self.connection)?;
        self.log.stored().format(&self.connection)?;
        self.looked_data_version = data_version;
        self.publish_until(end.end.position)
    }

    pub(super) fn publish_until(&mut self, end: u64) -> Result<(), FileError> {
        if self.published < end && !self.publisher.is_heard() {
            // So a replica that takes in a long log reads nothing back.
            self.published = end;
            self.acknowledged.raise_seen(end);
        }
        while self.published < end {
            let after = Position::new(self.published);
            let missing = usize::try_from(end - self.published).unwrap_or(usize::MAX);
            let events = self.log.stored().read_all(&self.connection, after, missing.min(MAX_READ))?;
            let Some(last) = events.last() else {
                return Err(FileError::Damaged { position: self.published + 1, what: "the event is missing" });
            };
            self.published = last.position.get();
            self.acknowledged.raise_seen(self.published);
            self.publisher.publish(Published { after, events: events.into() });
        }
        Ok(())
    }
}
