//! The lease to run handlers with external effects, as recorded in the file.
//!
//! The holder locks a companion file, and the lock ends with the program. The decisive record is a number in the file
//! that grows with each acquisition: a holder that lost the lease, for instance because the companion was removed,
//! finds another number there and stores no more progress.

use rusqlite::Connection;

use super::properties::{self, LEASE};
use crate::engine::store::sqlite::file_error::FileError;

/// The lease number that this program holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) enum LeaseNumber {
    /// The program never held the lease.
    #[default]
    Never,
    /// The program acquired the lease with this number, or without one in a file whose format has none yet.
    Acquired(Option<u64>),
}

impl LeaseNumber {
    /// Acquires the lease, within a transaction.
    pub(in crate::engine::store::sqlite) fn acquire(&mut self, connection: &Connection) -> Result<(), FileError> {
        let number = number(connection)?.unwrap_or(0).wrapping_add(1);
        properties::write(connection, LEASE, &number.to_string())?;
        *self = Self::Acquired(Some(number));
        Ok(())
    }

    /// Acquires the lease in a file whose format has no number for it yet.
    pub(in crate::engine::store::sqlite) fn acquire_without_number(&mut self) {
        *self = Self::Acquired(None);
    }

    /// Whether progress may be stored, within the same transaction. A lease acquired without a number gets one now.
    pub(in crate::engine::store::sqlite) fn is_valid(&mut self, connection: &Connection) -> Result<bool, FileError> {
        match (*self, number(connection)?) {
            (Self::Never, _) => Ok(true),
            (Self::Acquired(None), None) => self.acquire(connection).map(|()| true),
            (Self::Acquired(held), found) => Ok(held == found),
        }
    }
}

fn number(connection: &Connection) -> Result<Option<u64>, FileError> {
    let Some(text) = properties::read(connection, LEASE)? else { return Ok(None) };
    let number = text.parse().map_err(|_| FileError::DamagedRecord("the lease to run handlers".to_owned()))?;
    Ok(Some(number))
}
