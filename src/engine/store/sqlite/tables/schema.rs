//! The tables of the file, and the setup of connections to it.
//!
//! An index on (stream, version) would be the most expensive part of an append. Instead, each event links to the
//! previous event of its stream, `streams` holds the end of each stream, updated once per commit, and a mark every
//! [`MARK_EVERY`] events lets readers start mid-stream.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::engine::store::sqlite::files::long_wait::LongWait;

/// Identifies the file in its header: "CQRS".
pub(in crate::engine::store::sqlite) const APPLICATION_ID: i32 = 0x4351_5253;

/// The version of the tables below; see [`format`](super::format) for earlier ones.
pub(in crate::engine::store::sqlite) const USER_VERSION: i32 = 2;

/// A stream has a mark at every version that is a multiple of this.
pub(in crate::engine::store::sqlite) const MARK_EVERY: u64 = 256;

/// How long to wait while another process writes to the file.
const BUSY_FOR: Duration = Duration::from_secs(5);

/// All tables of a new file.
pub(in crate::engine::store::sqlite) const TABLES: [&str; 5] =
    [TABLES_OF_FIRST, HANDLERS, SNAPSHOTS, TABLES_OF_SECOND, EVENT_LOG];

const TABLES_OF_FIRST: &str = "
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    previous_position INTEGER NOT NULL,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    number_in_command INTEGER NOT NULL,
    command_id BLOB NOT NULL,
    correlation_id BLOB,
    causation_id BLOB,
    data TEXT NOT NULL,
    hash BLOB NOT NULL,
    metadata TEXT
) STRICT;
CREATE UNIQUE INDEX events_by_command ON events (command_id) WHERE number_in_command = 1;
CREATE TABLE streams (
    stream INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    last_position INTEGER NOT NULL
) STRICT;
CREATE TABLE stream_marks (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (stream, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE parked_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    handler TEXT NOT NULL,
    position INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    time INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TABLE projection_rows (
    projection TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (projection, key)
) STRICT, WITHOUT ROWID;
";

pub(in crate::engine::store::sqlite) const HANDLERS: &str = "
CREATE TABLE handlers (
    handler TEXT PRIMARY KEY,
    checkpoint INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    state TEXT,
    hash BLOB NOT NULL,
    form INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

pub(in crate::engine::store::sqlite) const SNAPSHOTS: &str = "
CREATE TABLE snapshots (
    stream INTEGER NOT NULL,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL,
    time INTEGER NOT NULL,
    state TEXT NOT NULL,
    hash BLOB NOT NULL,
    form INTEGER NOT NULL,
    PRIMARY KEY (stream, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshots_by_time ON snapshots (stream, time, position);
";

/// Tables that the second format added or extended.
pub(in crate::engine::store::sqlite) const TABLES_OF_SECOND: &str = "
CREATE TABLE projections (
    projection TEXT PRIMARY KEY,
    checkpoint INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    rows_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE row_sets (
    name TEXT PRIMARY KEY,
    rows INTEGER NOT NULL,
    rows_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE properties (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

const EVENT_LOG: &str = "
CREATE VIEW event_log AS SELECT
    position,
    name AS stream,
    events.version AS version,
    strftime('%Y-%m-%dT%H:%M:%S', (time - (time % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
        || printf('.%06dZ', (time % 1000000 + 1000000) % 1000000) AS time,
    type,
    schema_version,
    data,
    lower(printf('%s-%s-%s-%s-%s', substr(hex(command_id), 1, 8), substr(hex(command_id), 9, 4), substr(hex(command_id), 13, 4), substr(hex(command_id), 17, 4), substr(hex(command_id), 21, 12))) AS command_id,
    lower(printf('%s-%s-%s-%s-%s', substr(hex(coalesce(correlation_id, command_id)), 1, 8), substr(hex(coalesce(correlation_id, command_id)), 9, 4), substr(hex(coalesce(correlation_id, command_id)), 13, 4), substr(hex(coalesce(correlation_id, command_id)), 17, 4), substr(hex(coalesce(correlation_id, command_id)), 21, 12))) AS correlation_id,
    lower(printf('%s-%s-%s-%s-%s', substr(hex(coalesce(causation_id, command_id)), 1, 8), substr(hex(coalesce(causation_id, command_id)), 9, 4), substr(hex(coalesce(causation_id, command_id)), 13, 4), substr(hex(coalesce(causation_id, command_id)), 17, 4), substr(hex(coalesce(causation_id, command_id)), 21, 12))) AS causation_id,
    lower(hex(hash)) AS hash
FROM events JOIN streams ON streams.stream = events.stream;
";

/// Connects to an existing file. The connection never moves the write-ahead log into the file on its own: that is the
/// checkpointer's work, and a refused file must stay unchanged.
pub(in crate::engine::store::sqlite) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    wait_at_most(&mut connection, BUSY_FOR)?;
    // On macOS, only a full sync writes through the disk's cache. Other systems ignore these pragmas.
    connection.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;",
    )?;
    connection.pragma_update(None, CACHE_SIZE, CACHE)?;
    Ok(connection)
}

/// The page cache of a connection, in kibibytes below zero, as SQLite has it.
const CACHE: i64 = -65_536;
const CACHE_OF_SCAN: i64 = -1_024;
const CACHE_SIZE: &str = "cache_size";

/// Runs something that reads each page of a table once, without filling the page cache with them.
pub(in crate::engine::store::sqlite) fn scan<R, X: From<rusqlite::Error>>(
    connection: &Connection,
    run: impl FnOnce() -> Result<R, X>,
) -> Result<R, X> {
    connection.pragma_update(None, CACHE_SIZE, CACHE_OF_SCAN)?;
    let scanned = run();
    connection.pragma_update(None, CACHE_SIZE, CACHE)?;
    scanned
}

/// Sets how long the connection waits for another program's lock.
pub(in crate::engine::store::sqlite) fn wait_at_most(
    connection: &mut Connection,
    time: Duration,
) -> rusqlite::Result<()> {
    let path = connection.path().map(PathBuf::from).unwrap_or_default();
    let mut wait: Option<LongWait> = None;
    connection.busy_handler(Some(move |tries| {
        if tries == 0 {
            wait = None;
        }
        let waited = wait.get_or_insert_with(|| LongWait::begin(&path)).check();
        // SQLite polls, because the system offers no lock with a timeout. A commit usually holds the lock for a few
        // hundred microseconds.
        std::thread::sleep(Duration::from_micros(if tries < 100 { 100 } else { 1_000 }));
        waited < time
    }))
}

/// Opens a read-only connection.
pub(in crate::engine::store::sqlite) fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// Configures durable commits, and verifies the settings. Returns what could not be set.
pub(in crate::engine::store::sqlite) fn make_durable(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Ok(Some(format!("journal_mode is {mode}, not wal")));
    }
    connection.execute_batch("PRAGMA synchronous = FULL;")?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    let _pages: i64 = connection.query_row("PRAGMA wal_autocheckpoint = 0", [], |row| row.get(0))?;
    Ok((mode != "wal" || synchronous != 2).then(|| format!("journal_mode {mode}, synchronous {synchronous}")))
}

/// Has each commit synced, or leaves the sync to the next commit that is: commits reach the disk in order.
pub(in crate::engine::store::sqlite) fn sync_commits(
    connection: &Connection,
    are_synced: bool,
) -> rusqlite::Result<()> {
    let level = if are_synced { "FULL" } else { "NORMAL" };
    // Not a cached statement: SQLite obeys this when it is compiled, not when it runs.
    connection.execute_batch(&format!("PRAGMA synchronous = {level}"))
}
