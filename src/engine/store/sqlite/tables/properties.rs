//! Named properties of the file.

use rusqlite::{Connection, OptionalExtension as _};

use crate::engine::store::sqlite::files::end_file::End;

/// The domain of the events.
pub(in crate::engine::store::sqlite) const DOMAIN: &str = "domain";

/// The end of the log when the file was last closed.
pub(in crate::engine::store::sqlite) const CLOSED_AT: &str = "closed_at";

/// Present while the file is in use: someone has written to it since it was closed, so the log may end later than
/// `closed_at`.
const IN_USE: &str = "in_use";

/// The current lease to run handlers: a number that grows with each acquisition.
pub(in crate::engine::store::sqlite) const LEASE: &str = "lease";

/// In a replica: the log, and the last entry of it that the file holds.
pub(in crate::engine::store::sqlite) const LOG: &str = "log";

/// SQLite's schema version when the file was created. A copy made by SQLite has another one.
pub(in crate::engine::store::sqlite) const SCHEMA_COOKIE: &str = "schema_cookie";

pub(in crate::engine::store::sqlite) fn read(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT value FROM properties WHERE name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()
}

pub(in crate::engine::store::sqlite) fn write(
    connection: &Connection,
    name: &str,
    value: &str,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO properties (name, value) VALUES (?1, ?2)")?;
    statement.execute((name, value)).map(drop)
}

pub(in crate::engine::store::sqlite) fn remove(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM properties WHERE name = ?1")?.execute([name]).map(drop)
}

/// The end of the log when the file was last closed; `None` if it is missing or damaged.
pub(in crate::engine::store::sqlite) fn closed_at(connection: &Connection) -> rusqlite::Result<Option<End>> {
    Ok(read(connection, CLOSED_AT)?.and_then(|text| End::from_text(text.as_bytes())))
}

/// Records that the file is closed, and where the log ends.
pub(in crate::engine::store::sqlite) fn write_closed_at(connection: &Connection, end: End) -> rusqlite::Result<()> {
    remove(connection, IN_USE)?;
    write(connection, CLOSED_AT, &end.to_text())
}

/// Whether anyone has written to the file since it was closed.
pub(in crate::engine::store::sqlite) fn is_in_use(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(read(connection, IN_USE)?.is_some())
}

/// Records that the file is in use.
pub(in crate::engine::store::sqlite) fn write_in_use(connection: &Connection) -> rusqlite::Result<()> {
    write(connection, IN_USE, "yes")?;
    write_schema_cookie(connection)
}

/// Whether SQLite made the file as a copy, for instance with `.backup`: complete, but possibly outdated.
pub(in crate::engine::store::sqlite) fn is_copied(connection: &Connection) -> rusqlite::Result<bool> {
    let noted = read(connection, SCHEMA_COOKIE)?;
    Ok(noted != Some(schema_cookie(connection)?))
}

/// Records that this is the original file, not a copy.
pub(in crate::engine::store::sqlite) fn write_schema_cookie(connection: &Connection) -> rusqlite::Result<()> {
    write(connection, SCHEMA_COOKIE, &schema_cookie(connection)?)
}

fn schema_cookie(connection: &Connection) -> rusqlite::Result<String> {
    let cookie: i64 = connection.prepare_cached("PRAGMA schema_version")?.query_row([], |row| row.get(0))?;
    Ok(cookie.to_string())
}
