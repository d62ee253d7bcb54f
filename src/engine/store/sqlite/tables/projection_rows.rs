//! The rows of projections, bound to their checkpoints.
//!
//! A checkpoint's hash covers the number of rows, the sum of their hashes, and the event at the checkpoint. Rows that
//! were lost, added, restored from an older state or copied from another log are therefore never used.

use foldhash::HashMap;
use rusqlite::{Connection, Row};
use tokio::sync::{mpsc, oneshot};

use super::hashed_row::Checked;
use super::numbers::{signed, unsigned};
use super::row_set::RowSet;
use super::row_sets::{hash_of, selected_hash};
use crate::engine::log::Position;
use crate::engine::store::handler_records::{ProjectionRow, ProjectionUpdate, ProjectionWritten};
use crate::engine::store::hash_chain::{GENESIS, Hash, row_hash};
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::{MAX_READ, StoreError};

/// How many pages of rows are read ahead of the receiver.
pub(in crate::engine::store::sqlite) const PAGES_AHEAD: usize = 2;

/// A projection's checkpoint and the checksum of its rows.
struct StoredCheckpoint {
    projection: String,
    checkpoint: Position,
    set: RowSet,
    /// The hash of the event at the checkpoint, if there is one.
    event: Option<Hash>,
}

const COLUMNS: &str = "projection, checkpoint, rows, rows_hash";
const HASH_AT_CHECKPOINT: &str = "(SELECT events.hash FROM events WHERE position = checkpoint)";

impl Checked for StoredCheckpoint {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (projection, checkpoint) = (row.get(0)?, Position::new(unsigned(row, 1)?));
        let set = RowSet::stored(unsigned(row, 2)?, row.get(3)?);
        Ok(Self { projection, checkpoint, set, event: row.get(4)? })
    }

    fn hash(&self) -> Hash {
        let Self { projection, checkpoint, set, event } = self;
        let event = event.as_ref().unwrap_or(&GENESIS);
        let (checkpoint, rows) = (checkpoint.get().to_be_bytes(), set.rows.to_be_bytes());
        row_hash(&[projection.as_bytes(), &checkpoint, &rows, &set.hash(), event])
    }
}

impl StoredCheckpoint {
    fn from_row(row: &Row<'_>) -> Result<Self, FileError> {
        let projection: String = row.get(0)?;
        Self::checked(row, 5, || format!("the checkpoint of {projection} does not fit its rows or the log"))
    }

    fn of(connection: &Connection, projection: &str) -> Result<Option<Self>, FileError> {
        let sql = format!("SELECT {COLUMNS}, {HASH_AT_CHECKPOINT}, hash FROM projections WHERE projection = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([projection])?;
        rows.next()?.map(Self::from_row).transpose()
    }

    fn write(mut self, connection: &Connection) -> Result<(), FileError> {
        let sql = "SELECT hash FROM events WHERE position = ?1";
        self.event = hash_of(connection, sql, [signed(self.checkpoint.get())])?;
        let hash = self.hash();
        let Self { projection, checkpoint, set, .. } = self;
        let sql = format!("INSERT OR REPLACE INTO projections ({COLUMNS}, hash) VALUES (?1, ?2, ?3, ?4, ?5)");
        let (checkpoint, rows) = (signed(checkpoint.get()), signed(set.rows));
        connection.prepare_cached(&sql)?.execute((projection, checkpoint, rows, set.hash(), hash))?;
        Ok(())
    }

    /// Compares the rows found with the recorded ones.
    fn check(&self, found: RowSet) -> Result<(), FileError> {
        match self.set.difference(found) {
            None => Ok(()),
            Some(difference) => {
                let Self { projection, checkpoint, .. } = self;
                let problem = format!("of the rows of {projection} up to position {checkpoint}, {difference}");
                Err(FileError::DamagedRecord(problem))
            }
        }
    }
}

/// A stored row of a projection, as SQLite holds it. There are as many as accounts, so nothing is copied before it is
/// needed.
struct StoredRow<'row> {
    projection: &'row str,
    key: &'row str,
    data: &'row str,
    hash: Hash,
}

const ROW_COLUMNS: &str = "projection, key, data, hash";
const OF_ROW: &str = "FROM projection_rows WHERE projection = ?1 AND key = ?2";

impl<'row> StoredRow<'row> {
    /// Reads a row and checks its hash. The error names the row with `name`.
    fn checked(row: &'row Row<'_>, name: impl FnOnce() -> String) -> Result<Self, FileError> {
        let read = || -> rusqlite::Result<Self> {
            let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
            Ok(Self { projection: text(0)?, key: text(1)?, data: text(2)?, hash: row.get(3)? })
        };
        match read() {
            Ok(read) if read.hash == stored_row_hash(read.projection, read.key, read.data) => Ok(read),
            _ => Err(FileError::DamagedRecord(name())),
        }
    }
}

fn stored_row_hash(projection: &str, key: &str, data: &str) -> Hash {
    row_hash(&[projection.as_bytes(), key.as_bytes(), data.as_bytes()])
}

/// Sends the rows of a projection in pages, ordered by key, after sending their checkpoint, if any, to `found`. All of
/// it is the view of the current transaction. A final empty page confirms that the rows are complete and belong to the
/// checkpoint. Ends early once the receiver is gone.
pub(in crate::engine::store::sqlite) fn hand_over(
    connection: &Connection,
    projection: &str,
    found: oneshot::Sender<Option<Position>>,
    pages: &mpsc::Sender<Result<Vec<ProjectionRow>, StoreError>>,
) -> Result<(), FileError> {
    let Some(stored) = StoredCheckpoint::of(connection, projection)? else {
        check_empty(connection, projection)?;
        let _ = found.send(None);
        return Ok(());
    };
    let _ = found.send(Some(stored.checkpoint));
    let sql = format!("SELECT {ROW_COLUMNS} FROM projection_rows WHERE projection = ?1 ORDER BY key");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([projection])?;
    let empty = || Vec::<ProjectionRow>::with_capacity(MAX_READ);
    let (mut set, mut page, mut before) = (RowSet::default(), empty(), None);
    while let Some(row) = rows.next()? {
        let StoredRow { key, data, hash, .. } = StoredRow::checked(row, || format!("a row of {projection}"))?;
        // The checksum does not cover the order, and pages of a damaged file may be swapped.
        if page.last().map(|last| &last.key).or(before.as_ref()).is_some_and(|last| **last >= *key) {
            return Err(FileError::DamagedRecord(format!("the rows of {projection} are out of order")));
        }
        set.add(&hash);
        page.push(ProjectionRow { key: key.into(), data: data.into() });
        if page.len() == MAX_READ {
            before = page.last().map(|last| last.key.clone());
            if pages.blocking_send(Ok(std::mem::replace(&mut page, empty()))).is_err() {
                return Ok(());
            }
        }
    }
    stored.check(set)?;
    if !page.is_empty() && pages.blocking_send(Ok(page)).is_err() {
        return Ok(());
    }
    let _ = pages.blocking_send(Ok(Vec::new()));
    Ok(())
}

/// A projection without a checkpoint must have no rows.
fn check_empty(connection: &Connection, projection: &str) -> Result<(), FileError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM projection_rows WHERE projection = ?1)";
    match connection.prepare_cached(sql)?.query_row([projection], |row| row.get(0))? {
        false => Ok(()),
        true => Err(FileError::DamagedRecord(format!("the rows of {projection} have lost their checkpoint"))),
    }
}

/// Checks the rows of all projections against their checkpoints, and the checkpoints against the log.
pub(in crate::engine::store::sqlite) fn check_projections(connection: &Connection) -> Result<(), FileError> {
    let mut found = HashMap::<String, RowSet>::default();
    let mut statement = connection.prepare(&format!("SELECT {ROW_COLUMNS} FROM projection_rows"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let StoredRow { projection, hash, .. } = StoredRow::checked(row, || "a row of projection_rows".to_owned())?;
        match found.get_mut(projection) {
            Some(set) => set.add(&hash),
            None => found.entry(projection.to_owned()).or_default().add(&hash),
        }
    }
    let sql = format!("SELECT {COLUMNS}, {HASH_AT_CHECKPOINT}, hash FROM projections");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let stored = StoredCheckpoint::from_row(row)?;
        stored.check(found.remove(&stored.projection).unwrap_or_default())?;
    }
    match found.into_keys().min() {
        None => Ok(()),
        Some(projection) => check_empty(connection, &projection),
    }
}

pub(in crate::engine::store::sqlite) fn write_projection(
    connection: &Connection,
    update: ProjectionUpdate,
) -> Result<ProjectionWritten, FileError> {
    let ProjectionUpdate { projection, after, checkpoint, rows, replace_all } = update;
    let stored = match StoredCheckpoint::of(connection, &projection) {
        _ if replace_all => None,
        Ok(stored) => stored,
        // A damaged checkpoint supports no update.
        Err(FileError::DamagedRecord(_)) => return Ok(ProjectionWritten::Missing { stored: Position::START }),
        Err(error) => return Err(error),
    };
    let (at, mut set) = stored.map(|stored| (stored.checkpoint, stored.set)).unwrap_or_default();
    if replace_all {
        connection.prepare_cached("DELETE FROM projection_rows WHERE projection = ?1")?.execute([&projection])?;
    } else if at < after {
        return Ok(ProjectionWritten::Missing { stored: at });
    } else if at > checkpoint {
        return Ok(ProjectionWritten::Later { stored: at });
    }
    let mut insert = connection
        .prepare_cached(&format!("INSERT OR REPLACE INTO projection_rows ({ROW_COLUMNS}) VALUES (?1, ?2, ?3, ?4)"))?;
    let mut delete = connection.prepare_cached(&format!("DELETE {OF_ROW}"))?;
    let mut select = connection.prepare_cached(&format!("SELECT hash {OF_ROW}"))?;
    for (key, data) in rows {
        // The lookup costs as much as a row, so skip it if there can be no old row.
        if !replace_all && let Some(before) = selected_hash(&mut select, (&projection, &key))? {
            set.remove(&before);
        }
        match data {
            Some(data) => {
                let hash = stored_row_hash(&projection, &key, &data);
                insert.execute((&projection, &key, &data, hash))?;
                set.add(&hash);
            }
            None => drop(delete.execute((&projection, &key))?),
        }
    }
    StoredCheckpoint { projection, checkpoint, set, event: None }.write(connection)?;
    Ok(ProjectionWritten::Stored)
}
