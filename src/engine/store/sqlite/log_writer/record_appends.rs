//! The log's part of a commit: events of many commands, each accepted or rejected on its own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use foldhash::HashMap;
use rusqlite::Connection;

use super::batch_insert::{BatchInsert, Row};
use super::command_ids::CommandIds;
use crate::engine::log::{Batch, Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::EntryWriter;
use crate::engine::store::encoded_append::EncodedAppend;
use crate::engine::store::hash_chain::{Content, Hash};
use crate::engine::store::log_times::LogTimes;
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::files::end_file::End;
use crate::engine::store::sqlite::tables::format::Format;
use crate::engine::store::sqlite::tables::log_links::{Head, LogEnd};
use crate::engine::store::sqlite::tables::numbers::signed;
use crate::engine::store::sqlite::tables::schema::MARK_EVERY;
use crate::engine::store::sqlite::tables::snapshots;
use crate::engine::store::sqlite::tables::stored_log::StoredLog;
use crate::engine::store::{Append, AppendAnswer, Committed, Conflict, Rejected, Snapshot};

/// The maximum number of stream heads cached between commits.
const MAX_HEADS: usize = 65_536;

/// An append's result before the commit exists: a range of its events.
pub(in crate::engine::store::sqlite) type AppendedRange<E> = Result<Range<usize>, Rejected<E>>;

/// The writer's view of the log, between commits and during one.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct WritableLog<E> {
    /// The end of the log, including the events of the current transaction.
    pub(in crate::engine::store::sqlite) end: LogEnd,
    times: LogTimes,
    heads: HashMap<StreamId, Head>,
    /// Heads to be stored; the last one of a stream counts.
    changed: Vec<Head>,
    commands: CommandIds,
    recorded: Vec<RecordedEvent<E>>,
    stored: StoredLog<E>,
    buffer: Vec<u8>,
    /// What is recorded, for a log that has to accept it.
    pub(super) entry: Option<EntryWriter>,
    /// The heads that it moves, as they were.
    heads_before_entry: Vec<(StreamId, Option<Head>)>,
}

/// What is new about an event whose place is known.
pub(super) struct NewEvent<'a, 'r> {
    pub(super) time: Timestamp,
    pub(super) event_type: Cow<'r, str>,
    pub(super) schema_version: u16,
    pub(super) number_in_command: u64,
    pub(super) metadata: &'a Metadata,
    pub(super) data: Cow<'r, str>,
    /// Its hash, if that is known.
    pub(super) hash: Option<Hash>,
}

impl<E: StoredEvent> WritableLog<E> {
    pub(in crate::engine::store::sqlite) fn new(end: LogEnd, format: Format) -> Self {
        let (heads, changed, recorded) = (HashMap::default(), Vec::new(), Vec::new());
        let (commands, stored) = (CommandIds::default(), StoredLog::of(format));
        let (times, buffer, heads_before_entry) = (LogTimes::default(), Vec::new(), Vec::new());
        Self { end, times, heads, changed, commands, recorded, stored, buffer, entry: None, heads_before_entry }
    }

    /// The file's format when last checked.
    pub(in crate::engine::store::sqlite) fn format(&self) -> Format {
        self.stored.last_form()
    }

    pub(in crate::engine::store::sqlite) fn stored(&mut self) -> &mut StoredLog<E> {
        &mut self.stored
    }

    /// Discards cached state that other processes' commits made stale.
    pub(in crate::engine::store::sqlite) fn refresh(&mut self, end: LogEnd) {
        if self.end.end != end.end {
            self.heads.clear();
            self.commands.forget();
            self.end = end;
        }
    }

    /// Records the appends of one call. Their rows are in the table once `insert` is flushed.
    pub(in crate::engine::store::sqlite) fn record_all(
        &mut self,
        insert: &mut BatchInsert<'_, '_>,
        appends: Vec<EncodedAppend<E>>,
    ) -> Result<Vec<AppendedRange<E>>, FileError> {
        let mut rejected = BTreeMap::new();
        let mut ranges = Vec::with_capacity(appends.len());
        for EncodedAppend { mut append, data } in appends {
            let events = std::mem::take(&mut append.events).into_iter().zip(data.into_iter().map(Cow::Owned));
            ranges.push(self.record(insert, &append, events, &mut rejected)?);
        }
        Ok(ranges)
    }

    /// Records an append of these events, each with its data.
    pub(super) fn record<'r>(
        &mut self,
        insert: &mut BatchInsert<'_, 'r>,
        append: &Append<E>,
        events: impl Iterator<Item = (E, Cow<'r, str>)>,
        rejected: &mut BTreeMap<StreamId, Conflict>,
    ) -> Result<AppendedRange<E>, FileError> {
        let Append { stream, expected_version, time, metadata, snapshot, expected_end, .. } = append;
        let (connection, command_id) = (insert.connection(), metadata.command_id);
        if let Some(conflict) = rejected.get(stream) {
            return Ok(Err((*conflict).into()));
        }
        let known = self.head(connection, stream)?;
        let actual = Version::new(known.map_or(0, |head| head.version));
        let expected = *expected_version;
        let conflict = Conflict { expected, actual };
        // Checked even after a version mismatch: a stored command has also moved the stream on, and `Repeated` says
        // more than a conflict.
        let is_at_end = expected_end.allows(Position::new(self.end.end.position));
        let fits = actual == expected && is_at_end;
        if !fits || insert.holds(command_id) || !self.commands.is_new(insert, command_id)? {
            insert.flush()?;
            rejected.insert(stream.clone(), conflict);
            return Ok(Err(match self.stored.read_command(connection, command_id)? {
                Some(events) => repeated(events),
                None => conflict.into(),
            }));
        }
        let mut head = match known {
            Some(head) => head,
            None => insert_stream(connection, stream)?,
        };
        let start = self.recorded.len();
        let metadata = match snapshot {
            Some(state) => metadata.clone().with_snapshot(state),
            None => metadata.clone(),
        };
        let time = self.times.next(self.end.time, *time);
        for (index, (event, data)) in events.enumerate() {
            let (event_type, schema_version) = (event.event_type().into(), event.schema_version());
            let number_in_command = index as u64 + 1;
            let (metadata, hash) = (&metadata, None);
            let new = NewEvent { time, event_type, schema_version, number_in_command, metadata, data, hash };
            self.add_event(insert, stream, &mut head, new)?;
            let (position, version) = (Position::new(head.last_position), Version::new(head.version));
            let (stream, metadata) = (stream.clone(), metadata.clone());
            self.recorded.push(RecordedEvent { position, stream, version, time, metadata, data: event });
        }
        self.commands.record(command_id);
        if let Some(state) = snapshot {
            let (version, position) = (Version::new(head.version), Position::new(head.last_position));
            let snapshot = Snapshot { version, position, time, state: state.clone() };
            if let Some(entry) = &mut self.entry {
                entry.add_snapshot(position.get(), &snapshot.state);
            }
            snapshots::write_snapshot(connection, head.stream, &snapshot, &self.end.end.hash)?;
        }
        debug_assert!(start < self.recorded.len(), "an append carries an event");
        self.move_head(stream.clone(), head);
        Ok(Ok(start..self.recorded.len()))
    }

    /// Adds an event at the end of the log and of its stream.
    pub(super) fn add_event<'r>(
        &mut self,
        insert: &mut BatchInsert<'_, 'r>,
        stream: &StreamId,
        head: &mut Head,
        NewEvent { time, event_type, schema_version, number_in_command, metadata, data, hash }: NewEvent<'_, 'r>,
    ) -> Result<(), FileError> {
        let (position, version) = (self.end.end.position + 1, head.version + 1);
        let previous_position = head.last_position;
        let content = Content {
            position,
            stream: stream.as_str(),
            version,
            previous_position,
            time,
            event_type: &event_type,
            schema_version,
            number_in_command,
            metadata,
            data: &data,
        };
        let hash = hash.unwrap_or_else(|| content.hash(&self.end.end.hash, &mut self.buffer));
        if let Some(entry) = &mut self.entry {
            entry.add(&content);
        }
        insert.add(Row {
            position,
            stream: head.stream,
            version,
            previous_position,
            time,
            event_type,
            schema_version,
            number_in_command,
            metadata: metadata.clone(),
            data,
            hash,
        })?;
        (head.version, head.last_position) = (version, position);
        self.end = LogEnd { end: End { position, hash }, time };
        if version.is_multiple_of(MARK_EVERY) {
            let mut mark = insert
                .connection()
                .prepare_cached("INSERT INTO stream_marks (stream, version, position) VALUES (?1, ?2, ?3)")?;
            mark.execute((head.stream, signed(version), signed(position)))?;
        }
        Ok(())
    }

    /// Remembers the head of a stream that has grown.
    pub(super) fn move_head(&mut self, stream: StreamId, head: Head) {
        self.changed.push(head);
        let name = self.entry.is_some().then(|| stream.clone());
        let before = match self.heads.get_mut(&stream) {
            Some(known) => Some(std::mem::replace(known, head)),
            None => self.heads.insert(stream, head),
        };
        self.heads_before_entry.extend(name.map(|name| (name, before)));
    }

    /// From now on, what is recorded is for an entry of a log.
    pub(super) fn begin_entry(&mut self) {
        self.entry = Some(EntryWriter::default());
        self.heads_before_entry.clear();
    }

    pub(super) fn head(&mut self, connection: &Connection, stream: &StreamId) -> Result<Option<Head>, FileError> {
        if let Some(head) = self.heads.get(stream) {
            return Ok(Some(*head));
        }
        let head = Head::read(connection, stream.as_str())?;
        if let Some(head) = head {
            self.heads.insert(stream.clone(), head);
        }
        Ok(head)
    }

    /// Stores the heads of all streams that the transaction changed, once each.
    pub(in crate::engine::store::sqlite) fn write_heads(&mut self, connection: &Connection) -> Result<(), FileError> {
        self.changed.sort_unstable_by_key(|head| (head.stream, head.version));
        let mut update =
            connection.prepare_cached("UPDATE streams SET version = ?2, last_position = ?3 WHERE stream = ?1")?;
        for heads in self.changed.chunk_by(|one, next| one.stream == next.stream) {
            if let Some(head) = heads.last() {
                update.execute((head.stream, signed(head.version), signed(head.last_position)))?;
            }
        }
        self.changed.clear();
        Ok(())
    }

    /// How many events are recorded.
    pub(super) fn recorded(&self) -> usize {
        self.recorded.len()
    }

    /// Other commands than those recorded here are stored now.
    pub(super) fn forget_commands(&mut self) {
        self.commands.forget();
    }

    /// Forgets what the transaction did since an entry was begun, when the log ended at `end` and so many events were
    /// recorded. The heads of streams were stored then.
    pub(super) fn roll_back(&mut self, end: LogEnd, recorded: usize) {
        self.end = end;
        self.recorded.truncate(recorded);
        for (stream, before) in self.heads_before_entry.drain(..).rev() {
            match before {
                Some(head) => drop(self.heads.insert(stream, head)),
                None => drop(self.heads.remove(&stream)),
            }
        }
        self.changed.clear();
        self.commands.forget();
        self.stored.forget_names();
        self.entry = None;
    }

    /// Takes the events of the committed transaction.
    pub(in crate::engine::store::sqlite) fn take_recorded(&mut self) -> Batch<E> {
        if self.heads.len() > MAX_HEADS {
            self.heads.clear();
        }
        self.recorded.drain(..).collect()
    }
}

/// The results of one call, once its commit exists.
pub(in crate::engine::store::sqlite) fn committed_results<E>(
    commit: &Batch<E>,
    results: Vec<AppendedRange<E>>,
) -> Vec<AppendAnswer<E>> {
    results.into_iter().map(|result| result.map(|range| Committed::new(commit.clone(), range))).collect()
}

fn repeated<E>(events: Vec<RecordedEvent<E>>) -> Rejected<E> {
    let end = events.len();
    Rejected::Repeated(Committed::new(events.into(), 0..end))
}

pub(super) fn insert_stream(connection: &Connection, stream: &StreamId) -> Result<Head, FileError> {
    let mut insert =
        connection.prepare_cached("INSERT INTO streams (name, version, last_position) VALUES (?1, 0, 0)")?;
    Ok(Head { stream: insert.insert([stream.as_str()])?, version: 0, last_position: 0 })
}
