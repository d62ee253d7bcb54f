//! What the file says of itself, by name.

use rusqlite::{Connection, OptionalExtension as _};

use super::end_file::End;

/// What its events are about.
pub(super) const DOMAIN: &str = "domain";

/// Where the log ended when the file was closed last.
pub(super) const CLOSED_AT: &str = "closed_at";

/// Who may run handlers with effects: a number that grows each time somebody takes that right.
pub(super) const LEASE: &str = "lease";

/// SQLite's number of the tables' form when the file was made. A copy that SQLite has made has another one.
pub(super) const SCHEMA_COOKIE: &str = "schema_cookie";

pub(super) fn read(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT value FROM properties WHERE name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()
}

pub(super) fn write(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO properties (name, value) VALUES (?1, ?2)")?;
    statement.execute((name, value)).map(drop)
}

/// Where the log ended when the file was closed last; `None` if that does not stand there as it was written.
pub(super) fn closed_at(connection: &Connection) -> rusqlite::Result<Option<End>> {
    Ok(read(connection, CLOSED_AT)?.and_then(|text| End::from_text(text.as_bytes())))
}

pub(super) fn write_closed_at(connection: &Connection, end: End) -> rusqlite::Result<()> {
    write(connection, CLOSED_AT, &end.to_text())
}

/// Whether the file is a copy that SQLite has made, with `.backup` for instance: whole, but of some moment.
pub(super) fn is_copied(connection: &Connection) -> rusqlite::Result<bool> {
    let noted = read(connection, SCHEMA_COOKIE)?;
    Ok(noted != Some(schema_cookie(connection)?))
}

/// Notes that this is the file itself, and no copy.
pub(super) fn write_schema_cookie(connection: &Connection) -> rusqlite::Result<()> {
    write(connection, SCHEMA_COOKIE, &schema_cookie(connection)?)
}

fn schema_cookie(connection: &Connection) -> rusqlite::Result<String> {
    let cookie: i64 = connection.pragma_query_value(None, "schema_version", |row| row.get(0))?;
    Ok(cookie.to_string())
}
