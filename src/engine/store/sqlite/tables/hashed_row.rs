//! Rows that carry a hash, which reveals damage.

use rusqlite::Row;

use crate::engine::store::hash_chain::Hash;
use crate::engine::store::sqlite::file_error::FileError;

/// A row that is checked against its hash when read.
pub(in crate::engine::store::sqlite) trait Checked: Sized {
    /// Reads the columns, except for the hash.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;

    /// The expected hash.
    fn hash(&self) -> Hash;

    /// Reads a row and checks its hash. The error names the row with `name`.
    fn checked(row: &Row<'_>, hash_column: usize, name: impl FnOnce() -> String) -> Result<Self, FileError> {
        match Self::read(row) {
            Ok(read) if row.get::<_, Hash>(hash_column).is_ok_and(|hash| hash == read.hash()) => Ok(read),
            _ => Err(FileError::DamagedRecord(name())),
        }
    }
}
