//! Converts SQLite errors into store failures.

use rusqlite::{Error, ErrorCode};

use crate::engine::runtime::{StoreFailure, StoreFailureKind};

impl From<Error> for StoreFailure {
    fn from(error: Error) -> Self {
        let kind = kind_of(&error);
        Self::caused_by(format!("SQLite: {error}"), kind, error)
    }
}

/// The kind of failure that an SQLite error means.
pub(super) fn kind_of(error: &Error) -> StoreFailureKind {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreFailureKind::DiskFull,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreFailureKind::Damaged,
        _ => StoreFailureKind::Other,
    }
}
