//! Marks the file itself as in use before anything else is written to it.
//!
//! New events stay in the write-ahead log for a while. Without the mark, a copy of the file alone would look like a
//! closed file, and would be opened without the events acknowledged since.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::properties;

/// How often to retry while a long read keeps the mark from reaching the file.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// What this process knows of the mark.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine::store::sqlite) struct InUseMark {
    is_in_file: bool,
    /// The data version at which the mark was last seen. While it is unchanged, no one has closed or copied the file.
    seen_at: Option<i64>,
    tried: Option<Instant>,
}

impl InUseMark {
    /// Whether the mark is in the file, as far as the data version tells.
    pub(in crate::engine::store::sqlite) fn is_known_in_file(self, data_version: i64) -> bool {
        self.is_in_file && self.seen_at == Some(data_version)
    }

    /// Writes the mark if it is missing, in a transaction of its own, and then starts another. Call this at the start
    /// of a write transaction, while holding the lock.
    pub(in crate::engine::store::sqlite) fn write(
        &mut self,
        connection: &Connection,
        data_version: i64,
    ) -> rusqlite::Result<()> {
        let is_marked = properties::is_in_use(connection)? && !properties::is_copied(connection)?;
        if is_marked && (self.is_in_file || self.tried.is_some_and(|tried| tried.elapsed() < TRY_EVERY)) {
            self.seen_at = Some(data_version);
            return Ok(());
        }
        if !is_marked {
            properties::write_in_use(connection)?;
        }
        connection.execute_batch("COMMIT")?;
        // If another process is moving pages, the next call retries.
        let moved = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE);
        self.is_in_file = moved.is_ok_and(|(pages, moved)| pages == moved);
        self.tried = Some(Instant::now());
        connection.execute_batch("BEGIN IMMEDIATE")
    }
}
