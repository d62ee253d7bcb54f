//! Which rows the tables hold that only handlers can fill: what is lost there, no log says again.

use rusqlite::{Connection, OptionalExtension as _, Params, Row, Statement};

use super::checked::Checked;
use super::handler_rows::{PARKED_COLUMNS, PROGRESS_COLUMNS, StoredProgress};
use super::row_set::RowSet;
use super::stored_log::{FileError, signed, unsigned};
use crate::engine::store::handler_records::ParkedEvent;
use crate::engine::store::hash_chain::{Hash, row_hash};

/// A table whose rows are a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
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

    /// The rows that are there. One that does not fit its own hash is an error.
    fn found(self, connection: &Connection) -> Result<RowSet, FileError> {
        match self {
            Self::Handlers => found::<StoredProgress>(connection, self.name(), PROGRESS_COLUMNS, 4),
            Self::ParkedEvents => found::<ParkedEvent>(connection, self.name(), PARKED_COLUMNS, 6),
        }
    }
}

fn found<T: Checked>(
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

/// The set that was written down; the empty one where none was.
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

/// The hash that a row has now, by a statement that selects it; nothing where there is no such row, or none that has
/// a hash.
pub(super) fn hash_of(connection: &Connection, sql: &str, key: impl Params) -> rusqlite::Result<Option<Hash>> {
    let mut select = connection.prepare_cached(sql)?;
    selected_hash(&mut select, key)
}

/// The same by a statement that is there already.
pub(super) fn selected_hash(select: &mut Statement<'_>, key: impl Params) -> rusqlite::Result<Option<Hash>> {
    let hash = select.query_row(key, |row| Ok(row.get(0).ok()));
    Ok(hash.optional()?.flatten())
}

/// Writes down that a row is another one now, was added or is gone.
pub(super) fn changed(
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
        // It stays as it is until the file is opened or verified, and somebody decides.
        Err(FileError::DamagedRecord(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    before.iter().for_each(|row| set.remove(row));
    after.iter().for_each(|row| set.add(row));
    write(connection, table, set)
}

/// Whether the rows of handlers and of parked events are those that were written last. The error says of which table
/// rows were lost, added or changed.
pub(super) fn check_row_sets(connection: &Connection) -> Result<(), FileError> {
    at_one_moment(connection, || {
        for table in Table::ALL {
            let (stored, found) = (read(connection, table)?, table.found(connection)?);
            if let Some(difference) = stored.difference(found) {
                return Err(FileError::DamagedRecord(format!("of the table {}, {difference}", table.name())));
            }
        }
        Ok(())
    })
}

/// Takes the rows that are there for those that should be.
pub(super) fn rebuild_row_sets(connection: &Connection) -> Result<(), FileError> {
    at_one_moment(connection, || Table::ALL.into_iter().try_for_each(|table| rebuild(connection, table)))
}

/// Rows that do not fit their own hash stay, and are damaged still.
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

/// In the transaction that is under way, or in one of its own.
fn at_one_moment<R>(connection: &Connection, run: impl FnOnce() -> Result<R, FileError>) -> Result<R, FileError> {
    if !connection.is_autocommit() {
        return run();
    }
    let transaction = connection.unchecked_transaction()?;
    let answer = run()?;
    transaction.commit()?;
    Ok(answer)
}
