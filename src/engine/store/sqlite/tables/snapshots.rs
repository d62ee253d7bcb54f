//! Snapshots, each bound to the event that it follows.

use rusqlite::{Connection, Row};

use super::hashed_row::Checked;
use super::numbers::{signed, unsigned};
use super::schema::USER_VERSION;
use super::stored_log::StoredLog;
use crate::engine::log::{Metadata, Moment, Position, StreamId, Timestamp, Version};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::hash_chain::{Hash, row_hash};
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::{MAX_READ, Snapshot, SnapshotEntry};

/// A snapshot and the number of its stream.
pub(in crate::engine::store::sqlite) struct StoredSnapshot {
    pub(in crate::engine::store::sqlite) stream: i64,
    pub(in crate::engine::store::sqlite) snapshot: Snapshot,
    /// The hash of the event that it follows.
    event_hash: Hash,
    /// The details of that event's metadata, which name the snapshot.
    pub(in crate::engine::store::sqlite) metadata: Option<String>,
}

/// Joins each snapshot with the event that it follows, if that exists.
pub(in crate::engine::store::sqlite) const SELECT_SNAPSHOTS: &str = "SELECT snapshots.stream, snapshots.position, snapshots.version, \
     snapshots.time, state, coalesce(events.hash, x''), snapshots.hash, events.metadata FROM snapshots \
     LEFT JOIN events ON events.position = snapshots.position AND events.stream = snapshots.stream \
     AND events.version = snapshots.version AND events.time = snapshots.time";

const SNAPSHOT_COLUMNS: &str = "stream, position, version, time, state, hash";

/// The index of the hash column.
pub(in crate::engine::store::sqlite) const SNAPSHOT_HASH: usize = 6;

impl Checked for StoredSnapshot {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (position, version) = (Position::new(unsigned(row, 1)?), Version::new(unsigned(row, 2)?));
        let snapshot = Snapshot {
            version,
            position,
            time: Timestamp::from_micros(row.get(3)?),
            state: row.get_ref(4)?.as_str()?.into(),
        };
        Ok(Self { stream: row.get(0)?, snapshot, event_hash: row.get(5)?, metadata: row.get(7)? })
    }

    fn hash(&self) -> Hash {
        snapshot_hash(self.stream, &self.snapshot, &self.event_hash)
    }
}

/// Covers the hash chain up to the event that the snapshot follows, so a snapshot fits no other log.
fn snapshot_hash(stream: i64, snapshot: &Snapshot, event_hash: &Hash) -> Hash {
    let Snapshot { version, position, time, state } = snapshot;
    let (stream, time) = (stream.to_be_bytes(), time.as_micros().to_be_bytes());
    let (position, version) = (position.get().to_be_bytes(), version.get().to_be_bytes());
    row_hash(&[&stream, &position, &version, &time, state.as_bytes(), event_hash])
}

pub(in crate::engine::store::sqlite) fn write_snapshot(
    connection: &Connection,
    stream: i64,
    snapshot: &Snapshot,
    event_hash: &Hash,
) -> Result<(), FileError> {
    let sql =
        format!("INSERT INTO snapshots ({SNAPSHOT_COLUMNS}, form) VALUES (?1, ?2, ?3, ?4, ?5, ?6, {USER_VERSION})");
    let Snapshot { version, position, time, state } = snapshot;
    connection.prepare_cached(&sql)?.execute((
        stream,
        signed(position.get()),
        signed(version.get()),
        time.as_micros(),
        state.as_str(),
        snapshot_hash(stream, snapshot, event_hash),
    ))?;
    Ok(())
}

/// The latest snapshot of a stream up to a moment, unless it is [ignored](unless_ignored).
pub(in crate::engine::store::sqlite) fn read_snapshot<E: StoredEvent>(
    connection: &Connection,
    log: &mut StoredLog<E>,
    stream: &str,
    until: Moment,
) -> Result<Option<Snapshot>, FileError> {
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
    Ok(rows.next()?.and_then(|row| unless_ignored(connection, log, row)))
}

/// The first snapshots of a stream after a position, but for those that are [ignored](unless_ignored).
pub(in crate::engine::store::sqlite) fn list_snapshots<E: StoredEvent>(
    connection: &Connection,
    log: &mut StoredLog<E>,
    stream: &str,
    after: Position,
    limit: usize,
) -> Result<Vec<SnapshotEntry>, FileError> {
    let sql = format!(
        "{SELECT_SNAPSHOTS} WHERE snapshots.stream = (SELECT stream FROM streams WHERE name = ?1)
         AND snapshots.position > ?2 ORDER BY snapshots.position"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((stream, signed(after.get())))?;
    let mut entries = Vec::new();
    while entries.len() < limit.min(MAX_READ) {
        let Some(row) = rows.next()? else { break };
        entries.extend(unless_ignored(connection, log, row).as_ref().map(SnapshotEntry::from));
    }
    Ok(entries)
}

/// The snapshot in a row. Ignores a damaged snapshot, and one that its event does not name: anyone can compute a row's hash,
/// but cannot change an event unnoticed. Replaying the events gives the same state.
fn unless_ignored<E: StoredEvent>(connection: &Connection, log: &mut StoredLog<E>, row: &Row<'_>) -> Option<Snapshot> {
    let snapshot = StoredSnapshot::checked(row, SNAPSHOT_HASH, String::new).ok()?.snapshot;
    let event = log.event_at(connection, snapshot.position.get());
    let is_named = |metadata: &Metadata| metadata.names_snapshot(&snapshot.state);
    event.is_ok_and(|linked| is_named(&linked.event.metadata)).then_some(snapshot)
}

/// The names of the streams that have snapshots.
pub(in crate::engine::store::sqlite) fn streams_with_snapshots(
    connection: &Connection,
) -> Result<Vec<StreamId>, FileError> {
    let sql = "SELECT name FROM streams WHERE stream IN (SELECT stream FROM snapshots) ORDER BY stream";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| Ok(StreamId::named(&row.get::<_, String>(0)?)))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// All snapshots of a stream up to a position, latest first, even those that are ignored.
pub(in crate::engine::store::sqlite) fn all_snapshots(
    connection: &Connection,
    stream: &str,
    until: Position,
) -> Result<Vec<Snapshot>, FileError> {
    let sql = format!(
        "{SELECT_SNAPSHOTS} WHERE snapshots.stream = (SELECT stream FROM streams WHERE name = ?1)
         AND snapshots.position <= ?2 ORDER BY snapshots.position DESC"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((stream, signed(until.get())))?;
    let mut snapshots = Vec::new();
    while let Some(row) = rows.next()? {
        snapshots.push(StoredSnapshot::read(row)?.snapshot);
    }
    Ok(snapshots)
}
