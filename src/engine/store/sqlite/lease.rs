//! The right to run handlers with effects outside: the lock of a companion file, and a number in the file itself.
//!
//! The lock ends with the process that holds it, whatever ends that. It guards nothing once somebody has removed the
//! companion and the next process locks a new one. Each taking therefore gets a number, one more than the one before,
//! and whoever writes handlers' progress does so under its own number or not at all.

use std::fs::{OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, ffi};

use super::end_file::create_private;
use super::stored_log::ReadError;
use crate::engine::store::handler_records::HandlersLease;

const NAME: &str = "lease";

/// The number under which this process has the right; nothing where it never had it, and writes as it likes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LeaseEpoch(Option<u64>);

impl LeaseEpoch {
    /// Takes the right, within a transaction: whoever had it has it no more.
    pub(super) fn take(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let epoch = last(connection)?.map_or(1, |last| last.saturating_add(1));
        let sql = "INSERT OR REPLACE INTO properties (name, value) VALUES (?1, ?2)";
        connection.prepare_cached(sql)?.execute((NAME, epoch.to_string()))?;
        self.0 = Some(epoch);
        Ok(())
    }

    /// Whether nobody has taken the right from this process, within a transaction.
    pub(super) fn is_ours(&self, connection: &Connection) -> rusqlite::Result<bool> {
        match self.0 {
            None => Ok(true),
            epoch => Ok(last(connection)? == epoch),
        }
    }
}

/// The number of the last taking. What is no number counts as none, and is replaced at the next taking.
fn last(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    let mut statement = connection.prepare_cached("SELECT value FROM properties WHERE name = ?1")?;
    let value: Option<String> = statement.query_row([NAME], |row| row.get(0)).optional()?;
    Ok(value.and_then(|value| value.parse().ok()))
}

/// Whether nothing was stored because it could not be written, and not because it could not be synced.
pub(super) fn is_for_want_of_room(error: &ReadError) -> bool {
    match error {
        ReadError::Sqlite(rusqlite::Error::SqliteFailure(failure, _)) => {
            failure.code == ErrorCode::DiskFull || failure.extended_code == ffi::SQLITE_IOERR_WRITE
        }
        _ => false,
    }
}

/// Locks the companion file; nothing while another process has it locked.
pub(super) fn try_lock(path: &Path) -> io::Result<Option<HandlersLease>> {
    let file = match create_private(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().read(true).write(true).open(path)?
        }
        created => created?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(HandlersLease::locked(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
