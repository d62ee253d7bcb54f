//! The formats of the file's tables. A file of an earlier format is readable as it is.

use rusqlite::Connection;

use super::schema::USER_VERSION;

/// The format of a file's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) enum Format {
    /// Version 1. Its snapshots and projection rows are not checked against the log, so both are ignored.
    First,
    /// Version 2, the newest.
    Second,
}

impl Format {
    /// The format of a version; `None` for a version that is unknown.
    pub(in crate::engine::store::sqlite) fn of_version(version: i32) -> Option<Self> {
        match version {
            1 => Some(Self::First),
            USER_VERSION => Some(Self::Second),
            _ => None,
        }
    }

    pub(in crate::engine::store::sqlite) fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map(Self::of_version)
    }

    /// The current format of a file that had this one before. The newest format never changes.
    pub(in crate::engine::store::sqlite) fn or_later(self, connection: &Connection) -> rusqlite::Result<Self> {
        match self {
            Self::First => Ok(Self::read(connection)?.unwrap_or(Self::Second)),
            Self::Second => Ok(Self::Second),
        }
    }
}
