//! What an error of SQLite says of a failure.

use rusqlite::{Error, ErrorCode};

use crate::engine::runtime::{Failure, FailureKind};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = kind_of(&error);
        Self::caused_by(format!("SQLite: {error}"), kind, error)
    }
}

/// The kind that an error of SQLite is of.
pub(super) fn kind_of(error: &Error) -> FailureKind {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => FailureKind::DiskFull,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => FailureKind::Damaged,
        _ => FailureKind::Other,
    }
}
