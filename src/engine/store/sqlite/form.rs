//! The forms that the file's tables have had, and the step from one to the next.
//!
//! A file of an earlier form is read as it is, and gets the newest one in the transaction of its first write.

use rusqlite::Connection;

use super::end_file::End;
use super::properties;
use super::row_sets::rebuild_row_sets;
use super::schema::{TABLES, USER_VERSION};
use super::stored_log::{LogEnd, ReadError};

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

/// Makes the tables of a new file, in the newest form.
pub(super) fn make(connection: &Connection, domain: &str) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "user_version", USER_VERSION)?;
    properties::write_closed_at(connection, End::OF_NOTHING)?;
    introduce(connection, domain)
}

/// Gives a file of version 1 the newest form, within a transaction. Its snapshots and the rows of its projections go,
/// for nothing holds them against the log; they are made again from it.
pub(super) fn upgrade(connection: &Connection, domain: &str) -> Result<(), ReadError> {
    connection.execute_batch(TO_SECOND)?;
    rebuild_row_sets(connection)?;
    properties::write_closed_at(connection, LogEnd::read(connection)?.end)?;
    properties::write_in_use(connection)?;
    Ok(introduce(connection, domain)?)
}

fn introduce(connection: &Connection, domain: &str) -> rusqlite::Result<()> {
    properties::write(connection, properties::DOMAIN, domain)?;
    properties::write_schema_cookie(connection)
}

const TO_SECOND: &str = "
ALTER TABLE events ADD COLUMN metadata TEXT;
DELETE FROM snapshots;
DELETE FROM projection_rows;
DROP TABLE projections;
CREATE TABLE projections (
    projection TEXT PRIMARY KEY,
    checkpoint INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    rows_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE row_sets (
    name TEXT PRIMARY KEY,
    rows INTEGER NOT NULL,
    rows_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE properties (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
";

/// What takes the newest form back to the first, to know what that looked like.
pub(super) const BACK_TO_FIRST: &str = "
ALTER TABLE events DROP COLUMN metadata;
ALTER TABLE projections DROP COLUMN rows;
ALTER TABLE projections DROP COLUMN rows_hash;
DROP TABLE row_sets;
DROP TABLE properties;
";
