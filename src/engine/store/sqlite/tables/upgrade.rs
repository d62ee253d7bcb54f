//! Creates the tables of a new file, and upgrades a file of an earlier format in the transaction of its first write.

use rusqlite::Connection;

use super::log_links::LogEnd;
use super::properties;
use super::row_sets::rebuild_row_sets;
use super::schema::{HANDLERS, SNAPSHOTS, TABLES, TABLES_OF_SECOND, USER_VERSION};
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::files::end_file::End;

/// Creates the tables of a new file in the newest format.
pub(in crate::engine::store::sqlite) fn create_tables(connection: &Connection, domain: &str) -> rusqlite::Result<()> {
    for tables in TABLES {
        connection.execute_batch(tables)?;
    }
    connection.pragma_update(None, "user_version", USER_VERSION)?;
    properties::write_closed_at(connection, End::EMPTY)?;
    write_domain(connection, domain)
}

/// Upgrades a file of version 1, within a transaction. Drops its snapshots and projection rows, which cannot be checked
/// against the log; both are rebuilt from it.
///
/// An older program may have the file open. It would leave the checksum of `handlers` stale and write snapshots that
/// are bound to no event. Both tables therefore require the column `form`, so that such a program fails at its next
/// write there.
pub(in crate::engine::store::sqlite) fn upgrade(connection: &Connection, domain: &str) -> Result<(), FileError> {
    connection.execute_batch(FROM_FIRST)?;
    for tables in [HANDLERS, COPY_HANDLERS, SNAPSHOTS, TABLES_OF_SECOND] {
        connection.execute_batch(tables)?;
    }
    connection.pragma_update(None, "user_version", USER_VERSION)?;
    rebuild_row_sets(connection)?;
    properties::write_closed_at(connection, LogEnd::read(connection)?.end)?;
    properties::write_in_use(connection)?;
    Ok(write_domain(connection, domain)?)
}

fn write_domain(connection: &Connection, domain: &str) -> rusqlite::Result<()> {
    properties::write(connection, properties::DOMAIN, domain)?;
    properties::write_schema_cookie(connection)
}

const FROM_FIRST: &str = "
ALTER TABLE events ADD COLUMN metadata TEXT;
DROP TABLE snapshots;
DELETE FROM projection_rows;
DROP TABLE projections;
ALTER TABLE handlers RENAME TO handlers_of_first;
";

const COPY_HANDLERS: &str = "
INSERT INTO handlers SELECT *, 1 FROM handlers_of_first;
DROP TABLE handlers_of_first;
";

/// Turns the newest format back into the first, to know its tables.
pub(in crate::engine::store::sqlite) const BACK_TO_FIRST: &str = "
ALTER TABLE events DROP COLUMN metadata;
ALTER TABLE handlers DROP COLUMN form;
ALTER TABLE snapshots DROP COLUMN form;
ALTER TABLE projections DROP COLUMN rows;
ALTER TABLE projections DROP COLUMN rows_hash;
DROP TABLE row_sets;
DROP TABLE properties;
";
