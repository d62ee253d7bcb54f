//! Inserts many event rows with one statement: starting and finishing a statement costs more than a row.

use std::borrow::Cow;

use foldhash::HashSet;
use rusqlite::{CachedStatement, Connection};
use uuid::Uuid;

use crate::engine::log::{Metadata, Timestamp};
use crate::engine::store::hash_chain::Hash;
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::tables::numbers::signed;

/// Rows per statement, largest first.
const ROWS: [usize; 3] = [32, 8, 1];

const COLUMNS: usize = 13;

/// Without the position: SQLite counts on from the last row, and need not look for a place.
const INTO: &str = "INSERT INTO events (stream, version, previous_position, time, type, \
    schema_version, number_in_command, command_id, correlation_id, causation_id, data, hash, metadata) VALUES ";

const ROW: &str = "(?,?,?,?,?,?,?,?,?,?,?,?,?)";

/// A row of the table `events`.
pub(in crate::engine::store::sqlite) struct Row<'r> {
    pub(in crate::engine::store::sqlite) position: u64,
    pub(in crate::engine::store::sqlite) stream: i64,
    pub(in crate::engine::store::sqlite) version: u64,
    pub(in crate::engine::store::sqlite) previous_position: u64,
    pub(in crate::engine::store::sqlite) time: Timestamp,
    pub(in crate::engine::store::sqlite) event_type: Cow<'r, str>,
    pub(in crate::engine::store::sqlite) schema_version: u16,
    pub(in crate::engine::store::sqlite) number_in_command: u64,
    pub(in crate::engine::store::sqlite) metadata: Metadata,
    pub(in crate::engine::store::sqlite) data: Cow<'r, str>,
    pub(in crate::engine::store::sqlite) hash: Hash,
}

/// The pending event rows of one transaction. They are in the table only after [`BatchInsert::flush`].
pub(in crate::engine::store::sqlite) struct BatchInsert<'c, 'r> {
    connection: &'c Connection,
    waiting: Vec<Row<'r>>,
    /// The commands of those.
    commands: HashSet<Uuid>,
    /// How many may be pending.
    most: usize,
    statements: [Option<CachedStatement<'c>>; ROWS.len()],
}

impl<'c, 'r> BatchInsert<'c, 'r> {
    pub(in crate::engine::store::sqlite) fn new(connection: &'c Connection) -> Self {
        let (waiting, commands, statements) = (Vec::new(), HashSet::default(), [const { None }; ROWS.len()]);
        Self { connection, waiting, commands, most: ROWS[0], statements }
    }

    /// With about so many rows, which need not be in the table before they are flushed.
    pub(super) fn at_the_end(connection: &'c Connection, rows: usize) -> Self {
        Self { most: usize::MAX, waiting: Vec::with_capacity(rows), ..Self::new(connection) }
    }

    pub(in crate::engine::store::sqlite) fn connection(&self) -> &'c Connection {
        self.connection
    }

    pub(in crate::engine::store::sqlite) fn add(&mut self, row: Row<'r>) -> Result<(), FileError> {
        self.commands.insert(row.metadata.command_id);
        self.waiting.push(row);
        if self.waiting.len() >= self.most { self.flush() } else { Ok(()) }
    }

    /// Whether an event of the command is pending.
    pub(in crate::engine::store::sqlite) fn holds(&self, command_id: Uuid) -> bool {
        self.commands.contains(&command_id)
    }

    /// Inserts the pending rows.
    pub(in crate::engine::store::sqlite) fn flush(&mut self) -> Result<(), FileError> {
        let Some(last) = self.waiting.last().map(|row| row.position) else { return Ok(()) };
        self.commands.clear();
        let mut rows = self.waiting.drain(..);
        for (count, prepared) in ROWS.into_iter().zip(&mut self.statements) {
            while rows.len() >= count {
                let statement = match prepared {
                    Some(statement) => statement,
                    None => prepared.insert(self.connection.prepare_cached(&insert(count))?),
                };
                for (index, row) in rows.by_ref().take(count).enumerate() {
                    row.bind(statement, index * COLUMNS)?;
                }
                statement.raw_execute()?;
            }
        }
        if self.connection.last_insert_rowid() != signed(last) {
            return Err(FileError::Damaged { position: last, what: "an event took another position" });
        }
        Ok(())
    }
}

fn insert(rows: usize) -> String {
    format!("{INTO}{}", vec![ROW; rows].join(","))
}

impl Row<'_> {
    /// Binds the columns to the parameters after the first `skip`.
    fn bind(self, statement: &mut CachedStatement<'_>, skip: usize) -> rusqlite::Result<()> {
        let (command_id, correlation_id) = (self.metadata.command_id, self.metadata.correlation_id());
        let causation_id = self.metadata.causation_id();
        let unless_command = |id: Uuid| (id != command_id).then(|| id.into_bytes());
        statement.raw_bind_parameter(skip + 1, self.stream)?;
        statement.raw_bind_parameter(skip + 2, signed(self.version))?;
        statement.raw_bind_parameter(skip + 3, signed(self.previous_position))?;
        statement.raw_bind_parameter(skip + 4, self.time.as_micros())?;
        statement.raw_bind_parameter(skip + 5, &*self.event_type)?;
        statement.raw_bind_parameter(skip + 6, self.schema_version)?;
        statement.raw_bind_parameter(skip + 7, signed(self.number_in_command))?;
        statement.raw_bind_parameter(skip + 8, command_id.as_bytes())?;
        statement.raw_bind_parameter(skip + 9, unless_command(correlation_id))?;
        statement.raw_bind_parameter(skip + 10, unless_command(causation_id))?;
        statement.raw_bind_parameter(skip + 11, &*self.data)?;
        statement.raw_bind_parameter(skip + 12, self.hash)?;
        statement.raw_bind_parameter(skip + 13, self.metadata.stored())
    }
}
