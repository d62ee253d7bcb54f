//! Errors of reading and writing the file.

use rusqlite::ErrorCode;
use thiserror::Error;

use super::failure::kind_of;
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::StoreError;
use crate::engine::store::codec::UnreadableEvent;

/// Why the file could not be read or written.
#[derive(Debug, Error)]
pub(super) enum FileError {
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the log is damaged at position {position}: {what}")]
    Damaged { position: u64, what: &'static str },
    #[error("the event at position {position} is {error}")]
    Unreadable { position: u64, error: UnreadableEvent },
    #[error("damaged: {0}")]
    DamagedRecord(String),
    #[error("the log's end was not written down: {0}")]
    EndUnwritten(std::io::Error),
    #[error("{0}")]
    OfLog(StoreFailure),
    #[error("reading panicked: {0}")]
    Panicked(String),
}

impl FileError {
    /// Whether another program holds a lock on the file.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Sqlite(error) if is_busy(error))
    }
}

/// Whether another program holds a lock on the file.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl From<FileError> for StoreError {
    fn from(error: FileError) -> Self {
        Self::Failed(error.into_failure(str::to_owned))
    }
}

impl FileError {
    /// Converts the error into a store failure, with a message that `describe` derives from its own.
    pub(super) fn into_failure(self, describe: impl FnOnce(&str) -> String) -> StoreFailure {
        let message = describe(&self.to_string());
        match self {
            Self::Sqlite(error) => {
                let kind = kind_of(&error);
                StoreFailure::caused_by(message, kind, error)
            }
            Self::EndUnwritten(error) => {
                let kind = StoreFailure::kind_of(&error);
                StoreFailure::caused_by(message, kind, error)
            }
            Self::Unreadable { error, .. } => {
                let kind = match error {
                    UnreadableEvent::Broken { .. } => StoreFailureKind::Damaged,
                    UnreadableEvent::UnknownType { .. } | UnreadableEvent::UnknownVersion { .. } => {
                        StoreFailureKind::Other
                    }
                };
                StoreFailure::caused_by(message, kind, error)
            }
            Self::Damaged { .. } | Self::DamagedRecord(_) => StoreFailure::of_kind(message, StoreFailureKind::Damaged),
            Self::OfLog(failure) => StoreFailure::caused_by(message, failure.kind(), failure),
            Self::Panicked(_) => StoreFailure::new(message),
        }
    }
}
