//! Unsigned numbers as SQLite stores them.

use rusqlite::Row;

/// Reads a non-negative number from SQLite's signed integers.
pub(in crate::engine::store::sqlite) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// Converts a number to SQLite's signed integers. Larger numbers saturate, which compares as beyond everything.
pub(in crate::engine::store::sqlite) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
