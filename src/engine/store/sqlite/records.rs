//! Snapshots and what handlers and projections have written down. Each row carries a hash, so that damage is
//! told from data.

use rusqlite::{Connection, Row};

use super::hash_chain::{Hash, row_hash};
use super::stored_log::{ReadError, signed, unsigned};
use crate::engine::clock::Timestamp;
use crate::engine::event::{Position, Version};
use crate::engine::moment::Moment;
use crate::engine::store::Snapshot;
use crate::engine::store::handler_records::{
    ParkedChange, ParkedEvent, Progress, ProjectionRow, ProjectionUpdate, ProjectionWritten,
};

/// A row of one of these tables, read and held against its hash.
pub(super) trait Checked: Sized {
    /// Its columns, the hash last.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;

    /// What its hash should be.
    fn hash(&self) -> Hash;

    /// Reads a row; one that does not fit its hash is an error that says what it is.
    fn checked(row: &Row<'_>, hash_column: usize, name: impl FnOnce() -> String) -> Result<Self, ReadError> {
        match Self::read(row) {
            Ok(read) if row.get::<_, Hash>(hash_column).is_ok_and(|hash| hash == read.hash()) => Ok(read),
            _ => Err(ReadError::DamagedRecord(name())),
        }
    }
}

/// A snapshot and the number of its stream.
pub(super) struct StoredSnapshot {
    pub(super) stream: i64,
    pub(super) snapshot: Snapshot,
}

pub(super) const SNAPSHOT_COLUMNS: &str = "stream, position, version, time, state, hash";

impl Checked for StoredSnapshot {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (position, version) = (Position::new(unsigned(row, 1)?), Version::new(unsigned(row, 2)?));
        let snapshot = Snapshot { version, position, time: Timestamp::from_micros(row.get(3)?), state: row.get(4)? };
        Ok(Self { stream: row.get(0)?, snapshot })
    }

    fn hash(&self) -> Hash {
        snapshot_hash(self.stream, &self.snapshot)
    }
}

fn snapshot_hash(stream: i64, snapshot: &Snapshot) -> Hash {
    let Snapshot { version, position, time, state } = snapshot;
    let (stream, time) = (stream.to_be_bytes(), time.as_micros().to_be_bytes());
    row_hash(&[&stream, &position.get().to_be_bytes(), &version.get().to_be_bytes(), &time, state.as_bytes()])
}

pub(super) fn write_snapshot(connection: &Connection, stream: i64, snapshot: &Snapshot) -> Result<(), ReadError> {
    let sql = format!("INSERT INTO snapshots ({SNAPSHOT_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    let Snapshot { version, position, time, state } = snapshot;
    connection.prepare_cached(&sql)?.execute((
        stream,
        signed(position.get()),
        signed(version.get()),
        time.as_micros(),
        state,
        snapshot_hash(stream, snapshot),
    ))?;
    Ok(())
}

/// The last snapshot of a stream up to a moment. A damaged one is no snapshot, and neither is one of an event that is
/// not there: the events say it all.
pub(super) fn read_snapshot(
    connection: &Connection,
    stream: &str,
    until: Moment,
) -> Result<Option<Snapshot>, ReadError> {
    let (order, limit) = match until {
        Moment::Position(position) => ("position", signed(position.get())),
        Moment::Time(time) => ("time", time.as_micros()),
    };
    let sql = format!(
        "SELECT {SNAPSHOT_COLUMNS} FROM snapshots WHERE stream = (SELECT stream FROM streams WHERE name = ?1)
         AND {order} <= ?2 AND EXISTS (SELECT 1 FROM events WHERE events.position = snapshots.position
         AND events.stream = snapshots.stream AND events.version = snapshots.version) ORDER BY {order} DESC, position DESC LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((stream, limit))?;
    Ok(rows.next()?.and_then(|row| StoredSnapshot::checked(row, 5, String::new).ok()).map(|stored| stored.snapshot))
}

/// A handler's name and its progress.
pub(super) struct StoredProgress {
    pub(super) handler: String,
    pub(super) progress: Progress,
}

pub(super) const PROGRESS_COLUMNS: &str = "handler, checkpoint, attempts, state, hash";

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

pub(super) fn read_progress(connection: &Connection, handler: &str) -> Result<Option<Progress>, ReadError> {
    let sql = format!("SELECT {PROGRESS_COLUMNS} FROM handlers WHERE handler = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([handler])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let stored = StoredProgress::checked(row, 4, || format!("the progress of {handler}"))?;
    Ok(Some(stored.progress))
}

/// Writes down where a handler starts, unless it has begun.
pub(super) fn begin_progress(connection: &Connection, handler: String, start: Progress) -> Result<Progress, ReadError> {
    if let Some(progress) = read_progress(connection, &handler)? {
        return Ok(progress);
    }
    write_progress(connection, handler, start.clone(), ParkedChange::None)?;
    Ok(start)
}

pub(super) fn write_progress(
    connection: &Connection,
    handler: String,
    progress: Progress,
    parked: ParkedChange,
) -> Result<(), ReadError> {
    let stored = StoredProgress { handler, progress };
    let sql = format!("INSERT OR REPLACE INTO handlers ({PROGRESS_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)");
    let hash = stored.hash();
    let StoredProgress { handler, progress: Progress { checkpoint, attempts, state } } = stored;
    connection.prepare_cached(&sql)?.execute((handler, signed(checkpoint.get()), attempts, state, hash))?;
    match parked {
        ParkedChange::None => {}
        ParkedChange::Park(event) => {
            // SQLite never gives a number of this table twice.
            let sql = format!(
                "INSERT INTO parked_events ({PARKED_COLUMNS}) VALUES
                 (coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'parked_events'), 0) + 1,
                  '', 0, 0, '', 0, x'') RETURNING number"
            );
            let number = connection.prepare_cached(&sql)?.query_row([], |row| unsigned(row, 0))?;
            write_parked(connection, ParkedEvent { number, ..event })?;
        }
        ParkedChange::Keep(event) => write_parked(connection, event)?,
        ParkedChange::Remove { number } => {
            connection.prepare_cached("DELETE FROM parked_events WHERE number = ?1")?.execute([signed(number)])?;
        }
    }
    Ok(())
}

pub(super) const PARKED_COLUMNS: &str = "number, handler, position, attempts, reason, time, hash";

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

fn write_parked(connection: &Connection, parked: ParkedEvent) -> Result<(), ReadError> {
    let sql = format!("INSERT OR REPLACE INTO parked_events ({PARKED_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    let hash = parked.hash();
    let ParkedEvent { number, handler, position, attempts, reason, time } = parked;
    let (number, position, time) = (signed(number), signed(position.get()), time.as_micros());
    connection.prepare_cached(&sql)?.execute((number, handler, position, attempts, reason, time, hash))?;
    Ok(())
}

pub(super) fn read_parked(connection: &Connection, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, ReadError> {
    let sql = format!("SELECT {PARKED_COLUMNS} FROM parked_events WHERE number > ?1 ORDER BY number LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((signed(after), signed(limit as u64)))?;
    let mut parked = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        parked.push(ParkedEvent::checked(row, 6, || format!("the parked event {number}"))?);
    }
    Ok(parked)
}

/// A projection's name and checkpoint.
pub(super) struct StoredCheckpoint {
    pub(super) projection: String,
    pub(super) checkpoint: Position,
}

pub(super) const CHECKPOINT_COLUMNS: &str = "projection, checkpoint, hash";

impl Checked for StoredCheckpoint {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { projection: row.get(0)?, checkpoint: Position::new(unsigned(row, 1)?) })
    }

    fn hash(&self) -> Hash {
        row_hash(&[self.projection.as_bytes(), &self.checkpoint.get().to_be_bytes()])
    }
}

pub(super) fn read_projection(connection: &Connection, projection: &str) -> Result<Option<Position>, ReadError> {
    let sql = format!("SELECT {CHECKPOINT_COLUMNS} FROM projections WHERE projection = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([projection])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let stored = StoredCheckpoint::checked(row, 2, || format!("the checkpoint of {projection}"))?;
    Ok(Some(stored.checkpoint))
}

/// A projection's row, as it stands in the table.
pub(super) struct StoredRow {
    pub(super) projection: String,
    pub(super) row: ProjectionRow,
}

pub(super) const ROW_COLUMNS: &str = "projection, key, data, hash";

impl Checked for StoredRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { projection: row.get(0)?, row: ProjectionRow { key: row.get(1)?, data: row.get(2)? } })
    }

    fn hash(&self) -> Hash {
        projection_row_hash(&self.projection, &self.row.key, &self.row.data)
    }
}

fn projection_row_hash(projection: &str, key: &str, data: &str) -> Hash {
    row_hash(&[projection.as_bytes(), key.as_bytes(), data.as_bytes()])
}

pub(super) fn read_rows(
    connection: &Connection,
    projection: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<ProjectionRow>, ReadError> {
    let from = if after.is_some() { "AND key > ?2" } else { "AND ?2 IS NULL" };
    let sql = format!("SELECT {ROW_COLUMNS} FROM projection_rows WHERE projection = ?1 {from} ORDER BY key LIMIT ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((projection, after, signed(limit as u64)))?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        read.push(StoredRow::checked(row, 3, || format!("a row of {projection}"))?.row);
    }
    Ok(read)
}

pub(super) fn write_projection(
    connection: &Connection,
    update: ProjectionUpdate,
) -> Result<ProjectionWritten, ReadError> {
    let ProjectionUpdate { projection, after, checkpoint, rows, replace_all } = update;
    // A damaged checkpoint is none: then only a replacement helps.
    let stored = match read_projection(connection, &projection) {
        Ok(stored) => stored.unwrap_or(Position::START),
        Err(ReadError::DamagedRecord(_)) => Position::START,
        Err(error) => return Err(error),
    };
    if replace_all {
        connection.prepare_cached("DELETE FROM projection_rows WHERE projection = ?1")?.execute([&projection])?;
    } else if stored < after {
        return Ok(ProjectionWritten::Missing { stored });
    } else if stored > checkpoint {
        return Ok(ProjectionWritten::Later { stored });
    }
    let sql = format!("INSERT OR REPLACE INTO projection_rows ({ROW_COLUMNS}) VALUES (?1, ?2, ?3, ?4)");
    let mut insert = connection.prepare_cached(&sql)?;
    let mut delete = connection.prepare_cached("DELETE FROM projection_rows WHERE projection = ?1 AND key = ?2")?;
    for (key, data) in rows {
        match data {
            Some(data) => insert.execute((&projection, &key, &data, projection_row_hash(&projection, &key, &data)))?,
            None => delete.execute((&projection, &key))?,
        };
    }
    let sql = format!(
        "INSERT OR REPLACE INTO projections ({CHECKPOINT_COLUMNS}, rows, rows_hash) VALUES (?1, ?2, ?3, 0, x'')"
    );
    let stored = StoredCheckpoint { projection, checkpoint };
    let hash = stored.hash();
    connection.prepare_cached(&sql)?.execute((stored.projection, signed(checkpoint.get()), hash))?;
    Ok(ProjectionWritten::Stored)
}
