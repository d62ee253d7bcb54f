//! What went wrong while writing, for callers and for the log.

use std::fmt;

use super::LogWriter;
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::files::disk_full;

impl<E: StoredEvent> LogWriter<E> {
    /// The failure for an error while writing.
    pub(super) fn write_failure(&self, error: FileError) -> StoreFailure {
        if !self.is_full(&error) {
            return error.into_failure(|message| self.failure(message));
        }
        let (message, kind) = (self.failure("the disk is full"), StoreFailureKind::DiskFull);
        match error {
            FileError::Sqlite(error) => StoreFailure::caused_by(message, kind, error),
            FileError::EndUnwritten(error) => StoreFailure::caused_by(message, kind, error),
            _ => StoreFailure::of_kind(message, kind),
        }
    }

    pub(super) fn is_full(&self, error: &FileError) -> bool {
        match error {
            FileError::Sqlite(error) => disk_full::is_cause(&self.path, error),
            FileError::EndUnwritten(error) => disk_full::is_out_of_space(error),
            _ => false,
        }
    }

    pub(super) fn failure(&self, reason: impl fmt::Display) -> String {
        format!("{}: {reason}", self.path.display())
    }
}
