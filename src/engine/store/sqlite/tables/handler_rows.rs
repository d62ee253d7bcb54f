//! The rows of handlers' progress and of parked events.

use rusqlite::Row;

use super::hashed_row::Checked;
use super::numbers::unsigned;
use crate::engine::log::{Position, Timestamp};
use crate::engine::store::handler_records::{ParkedEvent, Progress};
use crate::engine::store::hash_chain::{Hash, row_hash};

/// A handler's name and its progress.
pub(in crate::engine::store::sqlite) struct StoredProgress {
    pub(in crate::engine::store::sqlite) handler: String,
    pub(in crate::engine::store::sqlite) progress: Progress,
}

pub(in crate::engine::store::sqlite) const PROGRESS_COLUMNS: &str = "handler, checkpoint, attempts, state, hash";

impl Checked for StoredProgress {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (checkpoint, attempts, state) = (Position::new(unsigned(row, 1)?), row.get(2)?, row.get(3)?);
        Ok(Self { handler: row.get(0)?, progress: Progress { checkpoint, attempts, state } })
    }

    fn hash(&self) -> Hash {
        let Progress { checkpoint, attempts, state } = &self.progress;
        let checkpoint = checkpoint.get().to_be_bytes();
        let state: [&[u8]; 2] = match state {
            Some(state) => [b"state", state.as_bytes()],
            None => [b"", b""],
        };
        row_hash(&[self.handler.as_bytes(), &checkpoint, &attempts.to_be_bytes(), state[0], state[1]])
    }
}

pub(in crate::engine::store::sqlite) const PARKED_COLUMNS: &str =
    "number, handler, position, attempts, reason, time, hash";

impl Checked for ParkedEvent {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: unsigned(row, 0)?,
            handler: row.get(1)?,
            position: Position::new(unsigned(row, 2)?),
            attempts: row.get(3)?,
            reason: row.get(4)?,
            time: Timestamp::from_micros(row.get(5)?),
        })
    }

    fn hash(&self) -> Hash {
        let Self { number, handler, position, attempts, reason, time } = self;
        row_hash(&[
            &number.to_be_bytes(),
            handler.as_bytes(),
            &position.get().to_be_bytes(),
            &attempts.to_be_bytes(),
            reason.as_bytes(),
            &time.as_micros().to_be_bytes(),
        ])
    }
}
