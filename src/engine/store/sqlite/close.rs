//! Closes the file. When the last program does, the file alone is everything: its write-ahead log has moved into it,
//! its end stands in it, and what stood beside it goes.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::wal::CheckpointMode;

use super::companions::{HANDLERS, WAL, companion};
use super::end_file::{Deadline, EndFile};
use super::form::Form;
use super::open_here::OpenHere;
use super::properties;
use super::schema::wait_at_most;
use super::stored_log::LogEnd;

/// How long to wait for another program that commits, opens or closes; and for one that has held the file for long.
const WAIT: Duration = Duration::from_secs(2);
const WAIT_BRIEFLY: Duration = Duration::from_millis(100);

/// A file whose other connections of this store are closed.
pub(super) struct Closing {
    pub(super) path: Arc<Path>,
    pub(super) connection: Connection,
    pub(super) form: Form,
    pub(super) end_file: EndFile,
    pub(super) here: Arc<OpenHere>,
    /// Another program has kept this one waiting.
    pub(super) is_held: bool,
}

impl Closing {
    /// Closes the file. What cannot be tidied up does no harm: it is when the file is opened and closed again.
    pub(super) fn close(self) {
        let Self { path, mut connection, form, mut end_file, here, is_held } = self;
        let deadline = Deadline::after(if is_held { WAIT_BRIEFLY } else { WAIT });
        // A file of an earlier form that nothing was written to stays what it was.
        let is_ours = form == Form::Second && here.is_at(&path);
        if !is_ours || end_file.lock(deadline).is_err() {
            drop(connection);
            drop(here);
            return;
        }
        if let Err(error) = move_in(&mut connection, deadline) {
            tracing::debug!("{}: not tidied up: {error}", path.display());
        }
        drop(connection);
        // SQLite removes its log when the last connection of all programs is closed.
        if !companion(&path, WAL).exists() {
            let _ = fs::remove_file(companion(&path, HANDLERS));
            let _ = end_file.remove();
        }
        end_file.unlock();
        drop(here);
    }
}

/// Writes the log's end into the file, and then the write-ahead log.
fn move_in(connection: &mut Connection, deadline: Deadline) -> rusqlite::Result<()> {
    wait_at_most(connection, deadline.left())?;
    let end = LogEnd::read(connection)?.end;
    if properties::closed_at(connection)? != Some(end) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let end = LogEnd::read(connection)?.end;
        properties::write_closed_at(connection, end)?;
        connection.execute_batch("COMMIT")?;
    }
    wait_at_most(connection, Duration::ZERO)?;
    // Where others have the file open, they move what is left.
    let _ = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::TRUNCATE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}
