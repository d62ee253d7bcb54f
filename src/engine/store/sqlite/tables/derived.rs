//! The contents of the file that derive from the log: snapshots, rows of projections, and the progress of handlers.

use rusqlite::Connection;

use super::records;
use crate::engine::store::handler_records::{ParkedChange, Progress};
use crate::engine::store::sqlite::file_error::FileError;

const DROP: &str = "
DELETE FROM snapshots;
DELETE FROM projection_rows;
DELETE FROM projections;
DELETE FROM handlers;
DELETE FROM parked_events;
DELETE FROM row_sets;
DELETE FROM sqlite_sequence WHERE name = 'parked_events';
";

/// Drops all of it, and stores the progress of these handlers, within a transaction.
pub(in crate::engine::store::sqlite) fn replace(
    connection: &Connection,
    handlers: Vec<(String, Progress)>,
) -> Result<(), FileError> {
    connection.execute_batch(DROP)?;
    for (handler, progress) in handlers {
        records::write_progress(connection, handler, progress, ParkedChange::None)?;
    }
    Ok(())
}
