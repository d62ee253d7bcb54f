//! The forms that the file's tables have had. A file of an earlier form is read as it is.

use rusqlite::Connection;

use super::schema::USER_VERSION;

/// The form of a file's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Version 1: snapshots stand in no chain, and nothing tells whether all rows of a projection are there. Both are
    /// left alone.
    First,
    /// The newest.
    Second,
}

impl Form {
    /// The form that a file has by its version; `None` for a version that there never was, or is not known yet.
    pub(super) fn of_version(version: i32) -> Option<Self> {
        match version {
            1 => Some(Self::First),
            USER_VERSION => Some(Self::Second),
            _ => None,
        }
    }

    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map(Self::of_version)
    }

    /// The form now, if it was this one: once the newest, it stays that.
    pub(super) fn or_later(self, connection: &Connection) -> rusqlite::Result<Self> {
        match self {
            Self::First => Ok(Self::read(connection)?.unwrap_or(Self::Second)),
            Self::Second => Ok(Self::Second),
        }
    }
}
