//! The numbers of parked events. A number is never used again, so the table's sequence outlives its rows.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use crate::engine::store::sqlite::file_error::FileError;

/// More events than can ever be parked. A greater number is forged.
const MAX: i64 = 1 << 53;

/// The next number, which the caller inserts; that advances the sequence. An impossible sequence is corrected: it must
/// not prevent the parking of an event.
pub(in crate::engine::store::sqlite) fn next(connection: &Connection) -> Result<u64, FileError> {
    let (last, highest) = (last_number(connection)?, highest_in_use(connection)?);
    if last.is_none() {
        connection.execute("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'parked_events'", [highest])?;
    }
    Ok(last.unwrap_or(0).max(highest).unsigned_abs() + 1)
}

/// How many numbers have been used.
pub(in crate::engine::store::sqlite) fn given(connection: &Connection) -> Result<u64, FileError> {
    Ok(last_number(connection)?.unwrap_or(0).unsigned_abs())
}

/// Checks that the sequence is possible, and not below the numbers in use.
pub(in crate::engine::store::sqlite) fn check(connection: &Connection) -> Result<(), FileError> {
    let damaged = |problem: &str| Err(FileError::DamagedRecord(format!("the numbers of parked events: {problem}")));
    let sql = "SELECT EXISTS (SELECT 1 FROM parked_events WHERE number NOT BETWEEN 1 AND ?1)";
    if connection.query_row(sql, [MAX], |row| row.get(0))? {
        return damaged("one of them is impossible");
    }
    match last_number(connection)? {
        None => damaged("the last one is impossible"),
        Some(given) if given < highest_in_use(connection)? => damaged("one of them is greater than the last one"),
        Some(_) => Ok(()),
    }
}

/// The last number of the sequence, 0 before the first; `None` if it is impossible.
fn last_number(connection: &Connection) -> Result<Option<i64>, FileError> {
    let mut select = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'parked_events'")?;
    match select.query_row([], |row| row.get::<_, Value>(0)).optional()? {
        None => Ok(Some(0)),
        Some(Value::Integer(number)) if (0..=MAX).contains(&number) => Ok(Some(number)),
        Some(_) => Ok(None),
    }
}

/// The highest possible number of a parked event in the table.
fn highest_in_use(connection: &Connection) -> Result<i64, FileError> {
    let sql = "SELECT coalesce(max(number), 0) FROM parked_events WHERE number BETWEEN 0 AND ?1";
    Ok(connection.prepare_cached(sql)?.query_row([MAX], |row| row.get(0))?)
}
