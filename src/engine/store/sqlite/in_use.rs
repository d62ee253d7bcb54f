//! Says in the file itself that it is in use, before anything is written to it.
//!
//! What is written stands in the write-ahead log for a while. Without a word in the file, a copy of the file alone would
//! look like one that was closed, and would be opened without all that was acknowledged since.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::properties;

/// Where somebody who reads for long keeps the word from being moved into the file, it is tried this often.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// What is known of the word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InUse {
    is_in_file: bool,
    /// The file's data version when the word was seen there last. As long as it stays, nobody has closed or copied it.
    seen_at: Option<i64>,
    tried: Option<Instant>,
}

impl InUse {
    /// Whether the word stands in the file, as far as the data version tells.
    pub(super) fn is_known_to_stand(self, data_version: i64) -> bool {
        self.is_in_file && self.seen_at == Some(data_version)
    }

    /// Writes the word if it is not there, and begins another transaction then. To be called at the beginning of one
    /// that will write, while no other program of this kind does.
    pub(super) fn say(&mut self, connection: &Connection, data_version: i64) -> rusqlite::Result<()> {
        let is_said = properties::is_in_use(connection)? && !properties::is_copied(connection)?;
        if is_said && (self.is_in_file || self.tried.is_some_and(|tried| tried.elapsed() < TRY_EVERY)) {
            self.seen_at = Some(data_version);
            return Ok(());
        }
        if !is_said {
            properties::write_in_use(connection)?;
        }
        connection.execute_batch("COMMIT")?;
        // Where another one is at it, it is tried again.
        let moved = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE);
        self.is_in_file = moved.is_ok_and(|(pages, moved)| pages == moved);
        self.tried = Some(Instant::now());
        connection.execute_batch("BEGIN IMMEDIATE")
    }
}
