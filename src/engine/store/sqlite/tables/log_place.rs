//! Where a file stands that is the replica of a log.

use rusqlite::Connection;

use super::format::Format;
use super::properties::{self, LOG};
use crate::engine::store::sqlite::file_error::FileError;

/// The last entry that the file holds, and the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) struct LogPlace {
    pub(in crate::engine::store::sqlite) log: String,
    pub(in crate::engine::store::sqlite) sequence: u64,
}

/// `None` for a file that is no replica.
pub(in crate::engine::store::sqlite) fn read(connection: &Connection) -> Result<Option<LogPlace>, FileError> {
    if Format::read(connection)? == Some(Format::First) {
        // Such files have no properties.
        return Ok(None);
    }
    let Some(text) = properties::read(connection, LOG)? else { return Ok(None) };
    let place = text
        .rsplit_once(' ')
        .and_then(|(log, sequence)| Some(LogPlace { log: log.to_owned(), sequence: sequence.parse().ok()? }));
    place
        .map(Some)
        .ok_or_else(|| FileError::DamagedRecord("the place in the log that this file is a replica of".to_owned()))
}

pub(in crate::engine::store::sqlite) fn write(
    connection: &Connection,
    log: &str,
    sequence: u64,
) -> rusqlite::Result<()> {
    properties::write(connection, LOG, &format!("{log} {sequence}"))
}
