//! Rows that carry a hash, so that damage is told from data.

use rusqlite::Row;

use super::stored_log::FileError;
use crate::engine::store::hash_chain::Hash;

/// A row of a table, read and held against its hash.
pub(super) trait Checked: Sized {
    /// Its columns, the hash last.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;

    /// What its hash should be.
    fn hash(&self) -> Hash;

    /// Reads a row; one that does not fit its hash is an error that says what it is.
    fn checked(row: &Row<'_>, hash_column: usize, name: impl FnOnce() -> String) -> Result<Self, FileError> {
        match Self::read(row) {
            Ok(read) if row.get::<_, Hash>(hash_column).is_ok_and(|hash| hash == read.hash()) => Ok(read),
            _ => Err(FileError::DamagedRecord(name())),
        }
    }
}
