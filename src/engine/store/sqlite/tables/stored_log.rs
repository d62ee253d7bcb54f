//! Reads the log through a connection, and checks every event against its hash.

use std::marker::PhantomData;

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::format::Format;
use super::log_links::{Head, Link, hash_at, mark_from};
use super::numbers::{signed, unsigned};
use crate::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::store::MAX_READ;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::hash_chain::{Content, GENESIS, Hash};
use crate::engine::store::sqlite::file_error::FileError;

/// The maximum number of cached stream names, which events share.
const MAX_NAMES: usize = 65_536;

const COLUMNS: &str = "position, stream, version, previous_position, time, type, schema_version, \
     number_in_command, command_id, correlation_id, causation_id, data, hash";

/// The first format has no metadata column.
fn metadata_column(format: Format) -> &'static str {
    match format {
        Format::First => "NULL",
        Format::Second => "metadata",
    }
}

/// An event with its links.
pub(in crate::engine::store::sqlite) struct Linked<E> {
    pub(in crate::engine::store::sqlite) event: RecordedEvent<E>,
    previous_position: u64,
    number_in_command: u64,
    hash: Hash,
}

/// Reads events through any connection to one file.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct StoredLog<E> {
    format: Format,
    names: HashMap<i64, StreamId>,
    buffer: Vec<u8>,
    event: PhantomData<fn() -> E>,
}

impl<E> StoredLog<E> {
    /// Creates a reader for a file that last had this format.
    pub(in crate::engine::store::sqlite) fn of(format: Format) -> Self {
        Self { format, names: HashMap::default(), buffer: Vec::new(), event: PhantomData }
    }

    /// The file's current format. Call this within a transaction, because another process may have upgraded the file.
    pub(in crate::engine::store::sqlite) fn format(&mut self, connection: &Connection) -> rusqlite::Result<Format> {
        self.format = self.format.or_later(connection)?;
        Ok(self.format)
    }

    /// The file's format when last checked.
    pub(in crate::engine::store::sqlite) fn last_form(&self) -> Format {
        self.format
    }

    /// Records that this process upgraded the file.
    pub(in crate::engine::store::sqlite) fn record_upgrade(&mut self) {
        self.format = Format::Second;
    }

    /// Forgets the names of streams: a number that a rolled-back transaction gave away may be given to another one.
    pub(in crate::engine::store::sqlite) fn forget_names(&mut self) {
        self.names.clear();
    }

    fn select(&self, rest: &str) -> String {
        format!("SELECT {COLUMNS}, {} FROM events {rest}", metadata_column(self.format))
    }
}

impl<E: StoredEvent> StoredLog<E> {
    /// The first `limit` (at most [`MAX_READ`]) events after a position.
    pub(in crate::engine::store::sqlite) fn read_all(
        &mut self,
        connection: &Connection,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent<E>>, FileError> {
        let limit = limit.min(MAX_READ);
        let (Ok(start), false) = (i64::try_from(after.get()), limit == 0) else { return Ok(Vec::new()) };
        let sql = self.select("WHERE position >= ?1 ORDER BY position LIMIT ?2");
        let mut statement = connection.prepare_cached(&sql)?;
        // Also reads the preceding event, for its hash.
        let mut rows = statement.query((start, limit as i64 + 1))?;
        let mut before = GENESIS;
        let mut expected = after.get();
        let mut events = Vec::with_capacity(limit.min(64));
        if after == Position::START {
            expected = 1;
        } else if let Some(row) = rows.next()? {
            if unsigned(row, 0)? != expected {
                return Err(FileError::Damaged { position: expected, what: "the event is missing" });
            }
            before = row.get(12)?;
            expected += 1;
        }
        while events.len() < limit
            && let Some(row) = rows.next()?
        {
            if unsigned(row, 0)? != expected {
                return Err(FileError::Damaged { position: expected, what: "the event is missing" });
            }
            let linked = self.event(connection, row, &before)?;
            before = linked.hash;
            events.push(linked.event);
            expected += 1;
        }
        Ok(events)
    }

    /// The first `limit` (at most [`MAX_READ`]) events of a stream after a version.
    pub(in crate::engine::store::sqlite) fn read_stream(
        &mut self,
        connection: &Connection,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent<E>>, FileError> {
        let limit = limit.min(MAX_READ) as u64;
        let Some(head) = Head::read(connection, stream.as_str())? else { return Ok(Vec::new()) };
        let after = after.get();
        if after >= head.version || limit == 0 {
            return Ok(Vec::new());
        }
        let last = head.version.min(after.saturating_add(limit));
        // The nearest place to start walking backwards: a mark, or the end of the stream.
        let mark = mark_from(connection, head.stream, last)?;
        let (mut version, mut position) = mark.unwrap_or((head.version, head.last_position));
        while version > last {
            position = Link::read(connection, head.stream, version, position)?.previous_position;
            version -= 1;
        }
        let mut events = Vec::with_capacity(usize::try_from(last - after).unwrap_or(0));
        while version > after {
            let linked = self.event_at(connection, position)?;
            if linked.event.version.get() != version || linked.event.stream != *stream {
                return Err(FileError::Damaged { position, what: "the stream does not lead here" });
            }
            position = linked.previous_position;
            version -= 1;
            events.push(linked.event);
        }
        if after == 0 && position != 0 {
            return Err(FileError::Damaged { position, what: "the stream goes on before its first event" });
        }
        events.reverse();
        Ok(events)
    }

    /// The events of a command, which are contiguous.
    pub(in crate::engine::store::sqlite) fn read_command(
        &mut self,
        connection: &Connection,
        command_id: Uuid,
    ) -> Result<Option<Vec<RecordedEvent<E>>>, FileError> {
        let mut statement =
            connection.prepare_cached("SELECT position FROM events WHERE command_id = ?1 AND number_in_command = 1")?;
        let found = statement.query_row([command_id.as_bytes()], |row| unsigned(row, 0)).optional()?;
        let Some(first) = found else { return Ok(None) };
        let mut before = hash_at(connection, first - 1)?;
        let sql = self.select("WHERE position >= ?1 ORDER BY position");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([signed(first)])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let number = unsigned(row, 7)?;
            let is_of_command = id(row, 8)? == command_id && number == events.len() as u64 + 1;
            // Also checks the event that follows: a damaged row might be the command's next event.
            match self.event(connection, row, &before) {
                Ok(_) | Err(FileError::Unreadable { .. }) if !is_of_command => break,
                event => events.push(event?.event),
            }
            before = row.get(12)?;
        }
        if events.is_empty() {
            return Err(FileError::Damaged { position: first, what: "the command's first event is not here" });
        }
        Ok(Some(events))
    }

    pub(in crate::engine::store::sqlite) fn event_at(
        &mut self,
        connection: &Connection,
        position: u64,
    ) -> Result<Linked<E>, FileError> {
        let no_event = FileError::Damaged { position, what: "the event is missing" };
        let Some(before) = position.checked_sub(1) else { return Err(no_event) };
        let before = hash_at(connection, before)?;
        let sql = self.select("WHERE position = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([signed(position)])?;
        match rows.next()? {
            Some(row) => self.event(connection, row, &before),
            None => Err(no_event),
        }
    }

    /// Decodes a row, given the hash of the event before it.
    fn event(&mut self, connection: &Connection, row: &Row<'_>, before: &Hash) -> Result<Linked<E>, FileError> {
        let position = unsigned(row, 0)?;
        let stream = self.name(connection, row.get(1)?, position)?;
        let (version, previous_position) = (unsigned(row, 2)?, unsigned(row, 3)?);
        let time = Timestamp::from_micros(row.get(4)?);
        let event_type = text(row, 5)?;
        let schema_version: u16 = row.get(6)?;
        let number_in_command = unsigned(row, 7)?;
        let metadata = metadata(row)?;
        let data = text(row, 11)?;
        let content = Content {
            position,
            stream: stream.as_str(),
            version,
            previous_position,
            time,
            event_type,
            schema_version,
            number_in_command,
            metadata: &metadata,
            data,
        };
        let hash: Hash = row.get(12)?;
        if content.hash(before, &mut self.buffer) != hash {
            return Err(FileError::Damaged { position, what: "the event does not match its hash and its predecessor" });
        }
        let data = E::from_stored(event_type, schema_version, data)
            .map_err(|error| FileError::Unreadable { position, error })?;
        let (position, version) = (Position::new(position), Version::new(version));
        let event = RecordedEvent { position, stream, version, time, metadata, data };
        Ok(Linked { event, previous_position, number_in_command, hash })
    }

    fn name(&mut self, connection: &Connection, stream: i64, position: u64) -> Result<StreamId, FileError> {
        if let Some(name) = self.names.get(&stream) {
            return Ok(name.clone());
        }
        let mut statement = connection.prepare_cached("SELECT name FROM streams WHERE stream = ?1")?;
        let name = statement.query_row([stream], |row| Ok(StreamId::named(text(row, 0)?))).optional()?;
        let name = name.ok_or(FileError::Damaged { position, what: "its stream has no name" })?;
        if self.names.len() >= MAX_NAMES {
            self.names.clear();
        }
        self.names.insert(stream, name.clone());
        Ok(name)
    }
}

/// Traversal of the whole log, for verification.
impl<E: StoredEvent> StoredLog<E> {
    /// Hands every event to `visit`, in order, with its stream's number, the position of the previous event in its stream,
    /// and its number within its command.
    pub(in crate::engine::store::sqlite) fn walk<X: From<FileError>>(
        &mut self,
        connection: &Connection,
        mut visit: impl FnMut(RecordedEvent<E>, i64, u64, u64) -> Result<(), X>,
    ) -> Result<(), X> {
        let sqlite = |error| X::from(FileError::Sqlite(error));
        let mut statement = connection.prepare(&self.select("ORDER BY position")).map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        let (mut before, mut expected) = (GENESIS, 1);
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(()),
                Err(error) => return Err(sqlite(error)),
            };
            // Whatever is wrong with the row, report its position.
            let locate = |error| match error {
                FileError::Sqlite(error) if !is_sqlite_failure(&error) => {
                    FileError::Damaged { position: expected, what: "the event's columns do not hold what they should" }
                }
                error => error,
            };
            let read = |log: &mut Self| -> Result<_, FileError> {
                if unsigned(row, 0)? != expected {
                    return Err(FileError::Damaged { position: expected, what: "the event is missing" });
                }
                Ok((log.event(connection, row, &before)?, row.get(1)?))
            };
            let (linked, stream) = read(self).map_err(|error| X::from(locate(error)))?;
            before = linked.hash;
            visit(linked.event, stream, linked.previous_position, linked.number_in_command)?;
            expected += 1;
        }
    }
}

/// Whether SQLite failed to read, rather than a column having an unexpected type.
fn is_sqlite_failure(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(..))
}

fn metadata(row: &Row<'_>) -> rusqlite::Result<Metadata> {
    let command_id = id(row, 8)?;
    let or_command = |column| match row.get_ref(column)?.as_blob_or_null()? {
        Some(_) => id(row, column),
        None => Ok(command_id),
    };
    let ids = Metadata::new(command_id, or_command(9)?, or_command(10)?);
    Ok(ids.with_stored(row.get_ref(13)?.as_str_or_null()?))
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    Ok(Uuid::from_bytes(row.get(column)?))
}

fn text<'row>(row: &'row Row<'_>, column: usize) -> rusqlite::Result<&'row str> {
    Ok(row.get_ref(column)?.as_str()?)
}
