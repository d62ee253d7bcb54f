//! Closes the file. The last program to close it leaves nothing but the file: it moves the write-ahead log and the end
//! of the log into it, and removes the companions.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::wal::CheckpointMode;

use super::files::companions::{HANDLERS, WAL, companion};
use super::files::end_file::{Deadline, EndFile};
use super::files::open_file::OpenFile;
use super::tables::format::Format;
use super::tables::log_links::LogEnd;
use super::tables::properties;
use super::tables::schema::wait_at_most;

/// How long to wait while another program commits, opens or closes; and for one that has kept this one waiting before.
const WAIT: Duration = Duration::from_secs(2);
const WAIT_BRIEFLY: Duration = Duration::from_millis(100);

/// A file to be closed. All other connections of this store are closed.
pub(super) struct Closing {
    pub(super) path: Arc<Path>,
    pub(super) connection: Connection,
    pub(super) format: Format,
    pub(super) end_file: EndFile,
    pub(super) open_file: Arc<OpenFile>,
    /// Whether another program has kept this one waiting.
    pub(super) is_held: bool,
}

impl Closing {
    /// Closes the file. Tidying up may fail without harm: the next open and close does it.
    pub(super) fn close(self) {
        let Self { path, mut connection, format, mut end_file, open_file, is_held } = self;
        let deadline = Deadline::after(if is_held { WAIT_BRIEFLY } else { WAIT });
        // A file of an earlier format that was never written to stays unchanged.
        let is_ours = format == Format::Second && open_file.is_at(&path);
        if !is_ours || end_file.lock(deadline).is_err() {
            drop(connection);
            drop(open_file);
            return;
        }
        if let Err(error) = write_end_and_move_wal(&mut connection, deadline) {
            tracing::debug!("{}: could not be tidied up: {error}", path.display());
        }
        drop(connection);
        // SQLite removes its write-ahead log when the last connection of all programs closes.
        if !companion(&path, WAL).exists() {
            let _ = fs::remove_file(companion(&path, HANDLERS));
            let _ = end_file.remove();
        }
        end_file.unlock();
        drop(open_file);
    }
}

/// Records the end of the log in the file, and moves the write-ahead log into it.
fn write_end_and_move_wal(connection: &mut Connection, deadline: Deadline) -> rusqlite::Result<()> {
    wait_at_most(connection, deadline.left())?;
    let end = LogEnd::read(connection)?.end;
    if properties::closed_at(connection)? != Some(end) || properties::is_in_use(connection)? {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let end = LogEnd::read(connection)?.end;
        properties::write_closed_at(connection, end)?;
        connection.execute_batch("COMMIT")?;
    }
    wait_at_most(connection, Duration::ZERO)?;
    // If other programs have the file open, they move the rest.
    let _ = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::TRUNCATE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}
