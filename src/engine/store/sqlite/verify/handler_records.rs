//! Verifies what the handlers have stored.

use rusqlite::Connection;

use super::ended::{Ended, broken};
use crate::engine::log::Position;
use crate::engine::store::handler_records::ParkedEvent;
use crate::engine::store::sqlite::tables::handler_rows::{PARKED_COLUMNS, PROGRESS_COLUMNS, StoredProgress};
use crate::engine::store::sqlite::tables::hashed_row::Checked;

pub(super) fn verify_records(connection: &Connection, end: u64) -> Result<(), Ended> {
    check_rows::<StoredProgress>(connection, "handlers", PROGRESS_COLUMNS, 4, |stored| {
        check_not_beyond(end, stored.progress.checkpoint, &stored.handler)
    })?;
    check_rows::<ParkedEvent>(connection, "parked_events", PARKED_COLUMNS, 6, |parked| {
        check_not_beyond(end, parked.position, "a parked event")
    })
}

fn check_not_beyond(end: u64, position: Position, name: &str) -> Result<(), Ended> {
    match position.get() <= end {
        true => Ok(()),
        false => broken(None, format!("{name} is at position {position}, but the log ends at {end}")),
    }
}

fn check_rows<T: Checked>(
    connection: &Connection,
    table: &str,
    columns: &str,
    hash_column: usize,
    mut check: impl FnMut(T) -> Result<(), Ended>,
) -> Result<(), Ended> {
    let mut statement = connection.prepare(&format!("SELECT {columns} FROM {table}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        check(T::checked(row, hash_column, || format!("a row of {table}"))?)?;
    }
    Ok(())
}
