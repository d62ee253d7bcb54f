//! Snapshots and what handlers have written down. Each row carries a hash, so that damage is told from data.

use rusqlite::{Connection, Row};

use super::row_sets::{self, Table, hash_of};
use super::stored_log::{ReadError, signed, unsigned};
use crate::engine::clock::Timestamp;
use crate::engine::event::{Position, Version};
use crate::engine::moment::Moment;
use crate::engine::store::Snapshot;
use crate::engine::store::handler_records::{ParkedChange, ParkedEvent, Progress};
use crate::engine::store::hash_chain::{Hash, row_hash};

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
    /// The hash of the event that it stands after.
    chain: Hash,
}

/// With the event that it stands after, if there is one.
pub(super) const SELECT_SNAPSHOTS: &str = "SELECT snapshots.stream, snapshots.position, snapshots.version, \
     snapshots.time, state, coalesce(events.hash, x''), snapshots.hash FROM snapshots \
     LEFT JOIN events ON events.position = snapshots.position AND events.stream = snapshots.stream \
     AND events.version = snapshots.version AND events.time = snapshots.time";

const SNAPSHOT_COLUMNS: &str = "stream, position, version, time, state, hash";

/// Which of these columns is the hash.
pub(super) const SNAPSHOT_HASH: usize = 6;

impl Checked for StoredSnapshot {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (position, version) = (Position::new(unsigned(row, 1)?), Version::new(unsigned(row, 2)?));
        let snapshot = Snapshot { version, position, time: Timestamp::from_micros(row.get(3)?), state: row.get(4)? };
        Ok(Self { stream: row.get(0)?, snapshot, chain: row.get(5)? })
    }

    fn hash(&self) -> Hash {
        snapshot_hash(self.stream, &self.snapshot, &self.chain)
    }
}

/// Covers the chain up to the event that the snapshot stands after: it is one of this log and of no other.
fn snapshot_hash(stream: i64, snapshot: &Snapshot, chain: &Hash) -> Hash {
    let Snapshot { version, position, time, state } = snapshot;
    let (stream, time) = (stream.to_be_bytes(), time.as_micros().to_be_bytes());
    let (position, version) = (position.get().to_be_bytes(), version.get().to_be_bytes());
    row_hash(&[&stream, &position, &version, &time, state.as_bytes(), chain])
}

pub(super) fn write_snapshot(
    connection: &Connection,
    stream: i64,
    snapshot: &Snapshot,
    chain: &Hash,
) -> Result<(), ReadError> {
    let sql = format!("INSERT INTO snapshots ({SNAPSHOT_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    let Snapshot { version, position, time, state } = snapshot;
    connection.prepare_cached(&sql)?.execute((
        stream,
        signed(position.get()),
        signed(version.get()),
        time.as_micros(),
        state,
        snapshot_hash(stream, snapshot, chain),
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
        "{SELECT_SNAPSHOTS} WHERE snapshots.stream = (SELECT stream FROM streams WHERE name = ?1)
         AND snapshots.{order} <= ?2 ORDER BY snapshots.{order} DESC, snapshots.position DESC LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((stream, limit))?;
    let row = rows.next()?;
    let checked = row.and_then(|row| StoredSnapshot::checked(row, SNAPSHOT_HASH, String::new).ok());
    Ok(checked.map(|stored| stored.snapshot))
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

/// Stores where a handler starts, if it has no progress yet. Answers with what it has.
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
    let before = hash_of(connection, "SELECT hash FROM handlers WHERE handler = ?1", [&stored.handler])?;
    let sql = format!("INSERT OR REPLACE INTO handlers ({PROGRESS_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)");
    let hash = stored.hash();
    let StoredProgress { handler, progress: Progress { checkpoint, attempts, state } } = stored;
    connection.prepare_cached(&sql)?.execute((handler, signed(checkpoint.get()), attempts, state, hash))?;
    row_sets::changed(connection, Table::Handlers, before, Some(hash))?;
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
            let before = hash_of(connection, HASH_OF_PARKED, [signed(number)])?;
            connection.prepare_cached("DELETE FROM parked_events WHERE number = ?1")?.execute([signed(number)])?;
            row_sets::changed(connection, Table::ParkedEvents, before, None)?;
        }
    }
    Ok(())
}

pub(super) const PARKED_COLUMNS: &str = "number, handler, position, attempts, reason, time, hash";
const HASH_OF_PARKED: &str = "SELECT hash FROM parked_events WHERE number = ?1";

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
    let before = hash_of(connection, HASH_OF_PARKED, [number])?;
    connection.prepare_cached(&sql)?.execute((number, handler, position, attempts, reason, time, hash))?;
    row_sets::changed(connection, Table::ParkedEvents, before, Some(hash))
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
