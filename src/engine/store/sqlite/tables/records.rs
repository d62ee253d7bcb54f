//! The progress of handlers and the events they have parked.

use rusqlite::Connection;

use super::handler_rows::{PARKED_COLUMNS, PROGRESS_COLUMNS, StoredProgress};
use super::hashed_row::Checked as _;
use super::numbers::signed;
use super::parked_numbers;
use super::row_sets::{self, Table, hash_of};
use super::schema::USER_VERSION;
use crate::engine::store::handler_records::{ParkedChange, ParkedEvent, Progress};
use crate::engine::store::sqlite::file_error::FileError;

pub(in crate::engine::store::sqlite) fn read_progress(
    connection: &Connection,
    handler: &str,
) -> Result<Option<Progress>, FileError> {
    let sql = format!("SELECT {PROGRESS_COLUMNS} FROM handlers WHERE handler = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([handler])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let stored = StoredProgress::checked(row, 4, || format!("the progress of {handler}"))?;
    Ok(Some(stored.progress))
}

/// Stores a handler's start if it has no progress yet. Returns its progress.
pub(in crate::engine::store::sqlite) fn begin_progress(
    connection: &Connection,
    handler: String,
    start: Progress,
) -> Result<Progress, FileError> {
    if let Some(progress) = read_progress(connection, &handler)? {
        return Ok(progress);
    }
    write_progress(connection, handler, start.clone(), ParkedChange::None)?;
    Ok(start)
}

pub(in crate::engine::store::sqlite) fn write_progress(
    connection: &Connection,
    handler: String,
    progress: Progress,
    parked: ParkedChange,
) -> Result<(), FileError> {
    let stored = StoredProgress { handler, progress };
    let before = hash_of(connection, "SELECT hash FROM handlers WHERE handler = ?1", [&stored.handler])?;
    let sql = format!(
        "INSERT OR REPLACE INTO handlers ({PROGRESS_COLUMNS}, form) VALUES (?1, ?2, ?3, ?4, ?5, {USER_VERSION})"
    );
    let hash = stored.hash();
    let StoredProgress { handler, progress: Progress { checkpoint, attempts, state } } = stored;
    connection.prepare_cached(&sql)?.execute((handler, signed(checkpoint.get()), attempts, state, hash))?;
    row_sets::record_change(connection, Table::Handlers, before, Some(hash))?;
    match parked {
        ParkedChange::None => {}
        ParkedChange::Park(event) => {
            let number = parked_numbers::next(connection)?;
            write_parked(connection, ParkedEvent { number, ..event })?;
        }
        ParkedChange::Keep(event) => write_parked(connection, event)?,
        ParkedChange::Remove { number } => {
            let before = hash_of(connection, HASH_OF_PARKED, [signed(number)])?;
            connection.prepare_cached("DELETE FROM parked_events WHERE number = ?1")?.execute([signed(number)])?;
            row_sets::record_change(connection, Table::ParkedEvents, before, None)?;
        }
    }
    Ok(())
}

const HASH_OF_PARKED: &str = "SELECT hash FROM parked_events WHERE number = ?1";

fn write_parked(connection: &Connection, parked: ParkedEvent) -> Result<(), FileError> {
    let sql = format!("INSERT OR REPLACE INTO parked_events ({PARKED_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    let hash = parked.hash();
    let ParkedEvent { number, handler, position, attempts, reason, time } = parked;
    let (number, position, time) = (signed(number), signed(position.get()), time.as_micros());
    let before = hash_of(connection, HASH_OF_PARKED, [number])?;
    connection.prepare_cached(&sql)?.execute((number, handler, position, attempts, reason, time, hash))?;
    row_sets::record_change(connection, Table::ParkedEvents, before, Some(hash))
}

pub(in crate::engine::store::sqlite) fn read_parked(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<ParkedEvent>, FileError> {
    let sql = format!("SELECT {PARKED_COLUMNS} FROM parked_events WHERE number > ?1 ORDER BY number LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((signed(after), signed(limit as u64)))?;
    let mut parked = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        parked.push(ParkedEvent::checked(row, 6, || format!("the parked event {number}"))?);
    }
    Ok(parked)
}
