//! Checksums of the tables that only handlers fill: the log cannot restore rows lost there.

use rusqlite::{Connection, OptionalExtension as _, Params, Row, Statement};

use super::handler_rows::{PARKED_COLUMNS, PROGRESS_COLUMNS, StoredProgress};
use super::hashed_row::Checked;
use super::numbers::{signed, unsigned};
use super::row_set::RowSet;
use crate::engine::store::handler_records::ParkedEvent;
use crate::engine::store::hash_chain::{Hash, row_hash};
use crate::engine::store::sqlite::file_error::FileError;

/// A table with a checksum over its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) enum Table {
    Handlers,
    ParkedEvents,
}

impl Table {
    const ALL: [Self; 2] = [Self::Handlers, Self::ParkedEvents];

    fn name(self) -> &'static str {
        match self {
            Self::Handlers => "handlers",
            Self::ParkedEvents => "parked_events",
        }
    }

    /// The set of rows in the table. A row that does not fit its own hash is an error.
    fn current_set(self, connection: &Connection) -> Result<RowSet, FileError> {
        match self {
            Self::Handlers => current_set::<StoredProgress>(connection, self.name(), PROGRESS_COLUMNS, 4),
            Self::ParkedEvents => current_set::<ParkedEvent>(connection, self.name(), PARKED_COLUMNS, 6),
        }
    }
}

fn current_set<T: Checked>(
    connection: &Connection,
    table: &str,
    columns: &str,
    hash_column: usize,
) -> Result<RowSet, FileError> {
    let mut statement = connection.prepare(&format!("SELECT {columns} FROM {table}"))?;
    let mut rows = statement.query([])?;
    let mut set = RowSet::default();
    while let Some(row) = rows.next()? {
        set.add(&T::checked(row, hash_column, || format!("a row of {table}"))?.hash());
    }
    Ok(set)
}

const COLUMNS: &str = "name, rows, rows_hash, hash";

struct StoredSet {
    name: String,
    set: RowSet,
}

impl Checked for StoredSet {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { name: row.get(0)?, set: RowSet::stored(unsigned(row, 1)?, row.get(2)?) })
    }

    fn hash(&self) -> Hash {
        row_hash(&[self.name.as_bytes(), &self.set.rows.to_be_bytes(), &self.set.hash()])
    }
}

/// The recorded set; empty if none was recorded.
fn read(connection: &Connection, table: Table) -> Result<RowSet, FileError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM row_sets WHERE name = ?1"))?;
    let mut rows = statement.query([table.name()])?;
    let Some(row) = rows.next()? else { return Ok(RowSet::default()) };
    Ok(StoredSet::checked(row, 3, || format!("what is known of the rows of {}", table.name()))?.set)
}

fn write(connection: &Connection, table: Table, set: RowSet) -> Result<(), FileError> {
    let stored = StoredSet { name: table.name().to_owned(), set };
    let hash = stored.hash();
    let sql = format!("INSERT OR REPLACE INTO row_sets ({COLUMNS}) VALUES (?1, ?2, ?3, ?4)");
    connection.prepare_cached(&sql)?.execute((stored.name, signed(set.rows), set.hash(), hash))?;
    Ok(())
}

/// The current hash of the row that `sql` selects; `None` if the row or its hash is missing.
pub(in crate::engine::store::sqlite) fn hash_of(
    connection: &Connection,
    sql: &str,
    key: impl Params,
) -> rusqlite::Result<Option<Hash>> {
    let mut select = connection.prepare_cached(sql)?;
    selected_hash(&mut select, key)
}

/// Like [`hash_of`], with a prepared statement.
pub(in crate::engine::store::sqlite) fn selected_hash(
    select: &mut Statement<'_>,
    key: impl Params,
) -> rusqlite::Result<Option<Hash>> {
    let hash = select.query_row(key, |row| Ok(row.get(0).ok()));
    Ok(hash.optional()?.flatten())
}

/// Records that a row was added, changed or removed.
pub(in crate::engine::store::sqlite) fn record_change(
    connection: &Connection,
    table: Table,
    before: Option<Hash>,
    after: Option<Hash>,
) -> Result<(), FileError> {
    if before == after {
        return Ok(());
    }
    let mut set = match read(connection, table) {
        Ok(set) => set,
        // The damage stays until the file is opened or verified, where the user decides.
        Err(FileError::DamagedRecord(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    before.iter().for_each(|row| set.remove(row));
    after.iter().for_each(|row| set.add(row));
    write(connection, table, set)
}

/// Checks the rows of handlers and parked events against the recorded sets. The error names the table whose rows were
/// lost, added or changed.
pub(in crate::engine::store::sqlite) fn check_row_sets(connection: &Connection) -> Result<(), FileError> {
    in_transaction(connection, || {
        for table in Table::ALL {
            let (stored, found) = (read(connection, table)?, table.current_set(connection)?);
            if let Some(difference) = stored.difference(found) {
                return Err(FileError::DamagedRecord(format!("in the table {}, {difference}", table.name())));
            }
        }
        Ok(())
    })
}

/// Records the current rows as the expected ones.
pub(in crate::engine::store::sqlite) fn rebuild_row_sets(connection: &Connection) -> Result<(), FileError> {
    in_transaction(connection, || Table::ALL.into_iter().try_for_each(|table| rebuild(connection, table)))
}

/// Rows that do not fit their own hash remain, still damaged.
fn rebuild(connection: &Connection, table: Table) -> Result<(), FileError> {
    let mut statement = connection.prepare(&format!("SELECT hash FROM {}", table.name()))?;
    let mut rows = statement.query([])?;
    let mut set = RowSet::default();
    while let Some(row) = rows.next()? {
        if let Ok(hash) = row.get(0) {
            set.add(&hash);
        }
    }
    write(connection, table, set)
}

/// Runs within the current transaction, or in a new one.
fn in_transaction<R>(connection: &Connection, run: impl FnOnce() -> Result<R, FileError>) -> Result<R, FileError> {
    if !connection.is_autocommit() {
        return run();
    }
    let transaction = connection.unchecked_transaction()?;
    let answer = run()?;
    transaction.commit()?;
    Ok(answer)
}
