//! How events are linked: the end of the log, the heads of streams, and each event's predecessor in its stream.

use rusqlite::{Connection, OptionalExtension};

use super::numbers::{signed, unsigned};
use crate::engine::log::Timestamp;
use crate::engine::store::hash_chain::{GENESIS, Hash};
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::files::end_file::End;

/// The end of the log.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::store::sqlite) struct LogEnd {
    pub(in crate::engine::store::sqlite) end: End,
    pub(in crate::engine::store::sqlite) time: Timestamp,
}

impl LogEnd {
    pub(in crate::engine::store::sqlite) const EMPTY: Self =
        Self { end: End::EMPTY, time: Timestamp::from_micros(i64::MIN) };

    pub(in crate::engine::store::sqlite) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement =
            connection.prepare_cached("SELECT position, hash, time FROM events ORDER BY position DESC LIMIT 1")?;
        let row = statement.query_row([], |row| {
            let end = End { position: unsigned(row, 0)?, hash: row.get(1)? };
            Ok(Self { end, time: Timestamp::from_micros(row.get(2)?) })
        });
        Ok(row.optional()?.unwrap_or(Self::EMPTY))
    }
}

/// The head of a stream.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::store::sqlite) struct Head {
    pub(in crate::engine::store::sqlite) stream: i64,
    pub(in crate::engine::store::sqlite) version: u64,
    pub(in crate::engine::store::sqlite) last_position: u64,
}

impl Head {
    /// Reads a stream's head, if the stream exists, and checks it against the event it points to.
    pub(in crate::engine::store::sqlite) fn read(
        connection: &Connection,
        name: &str,
    ) -> Result<Option<Self>, FileError> {
        let mut statement = connection.prepare_cached(
            "SELECT streams.stream, streams.version, last_position,
                events.stream IS streams.stream AND events.version IS streams.version
             FROM streams LEFT JOIN events ON position = last_position WHERE name = ?1",
        )?;
        let head = statement.query_row([name], |row| {
            let head = Self { stream: row.get(0)?, version: unsigned(row, 1)?, last_position: unsigned(row, 2)? };
            Ok((head, row.get(3)?))
        });
        match head.optional()? {
            Some((head, true)) => Ok(Some(head)),
            Some((head, false)) => Err(FileError::Damaged {
                position: head.last_position,
                what: "a stream does not end here as it should",
            }),
            None => Ok(None),
        }
    }
}

/// An event's link to its predecessor in the stream.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::store::sqlite) struct Link {
    pub(in crate::engine::store::sqlite) version: u64,
    pub(in crate::engine::store::sqlite) position: u64,
    pub(in crate::engine::store::sqlite) time: Timestamp,
    pub(in crate::engine::store::sqlite) previous_position: u64,
}

impl Link {
    /// Reads the link at a position, which must belong to this version of the stream.
    pub(in crate::engine::store::sqlite) fn read(
        connection: &Connection,
        stream: i64,
        version: u64,
        position: u64,
    ) -> Result<Self, FileError> {
        let mut statement = connection.prepare_cached(
            "SELECT time, previous_position FROM events WHERE position = ?1 AND stream = ?2 AND version = ?3",
        )?;
        let link = statement.query_row((signed(position), stream, signed(version)), |row| {
            let (time, previous_position) = (Timestamp::from_micros(row.get(0)?), unsigned(row, 1)?);
            Ok(Self { version, position, time, previous_position })
        });
        link.optional()?.ok_or(FileError::Damaged { position, what: "the stream does not lead here" })
    }
}

/// The version and position of a stream's first mark at or after a version.
pub(in crate::engine::store::sqlite) fn mark_from(
    connection: &Connection,
    stream: i64,
    version: u64,
) -> rusqlite::Result<Option<(u64, u64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT version, position FROM stream_marks WHERE stream = ?1 AND version >= ?2 ORDER BY version LIMIT 1",
    )?;
    statement.query_row((stream, signed(version)), |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?))).optional()
}

/// The hash of an event, or the initial hash for position 0.
pub(in crate::engine::store::sqlite) fn hash_at(connection: &Connection, position: u64) -> Result<Hash, FileError> {
    if position == 0 {
        return Ok(GENESIS);
    }
    let mut statement = connection.prepare_cached("SELECT hash FROM events WHERE position = ?1")?;
    let hash = statement.query_row([signed(position)], |row| row.get(0)).optional()?;
    hash.ok_or(FileError::Damaged { position, what: "the event is missing" })
}
