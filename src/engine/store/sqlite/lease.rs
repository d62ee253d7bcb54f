//! The right to run handlers with effects, as the file knows it.
//!
//! A program that has the right holds a lock on a companion, which ends with the program. What counts is the number in
//! the file that grows each time somebody takes the right: whoever lost it, because the companion was removed for
//! instance, finds another number there, and writes nothing more in the name of a handler.

use rusqlite::Connection;

use super::properties::{self, LEASE};
use super::stored_log::FileError;

/// This program's part in the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LeaseNumber {
    /// It never had it.
    #[default]
    Never,
    /// It has taken it under this number; without one where the file has no place for it yet.
    Under(Option<u64>),
}

impl LeaseNumber {
    /// Takes the right, within a transaction.
    pub(super) fn take(&mut self, connection: &Connection) -> Result<(), FileError> {
        let number = number(connection)?.unwrap_or(0).wrapping_add(1);
        properties::write(connection, LEASE, &number.to_string())?;
        *self = Self::Under(Some(number));
        Ok(())
    }

    /// Takes the right in a file that has no place for it yet.
    pub(super) fn take_without_number(&mut self) {
        *self = Self::Under(None);
    }

    /// Whether something may be written in the name of a handler, within the same transaction. The right that was taken
    /// before the file had a place for it gets its number now.
    pub(super) fn is_valid(&mut self, connection: &Connection) -> Result<bool, FileError> {
        match (*self, number(connection)?) {
            (Self::Never, _) => Ok(true),
            (Self::Under(None), None) => self.take(connection).map(|()| true),
            (Self::Under(held), found) => Ok(held == found),
        }
    }
}

fn number(connection: &Connection) -> Result<Option<u64>, FileError> {
    let Some(text) = properties::read(connection, LEASE)? else { return Ok(None) };
    let number = text.parse().map_err(|_| FileError::DamagedRecord("the right to run handlers".to_owned()))?;
    Ok(Some(number))
}
