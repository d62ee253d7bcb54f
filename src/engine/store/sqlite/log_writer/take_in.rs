//! Takes in the commits of other programs from the log that a file is a replica of.

use rusqlite::Connection;
use uuid::Uuid;

use super::batch_insert::BatchInsert;
use super::read_entries::{ReadCommit, ReadEvent, read_each};
use super::record_appends::{NewEvent, WritableLog, insert_stream};
use crate::engine::log::{Position, Version};
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::Snapshot;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::{Entry, EntryEvent, NotACommit};
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::tables::snapshots::write_snapshot;

/// Adds the events of entries that follow the entry `sequence`, within a transaction, and moves that on. Tells who wrote them.
pub(super) fn take_in<E: StoredEvent>(
    connection: &Connection,
    log: &mut WritableLog<E>,
    entries: &[Entry],
    sequence: &mut u64,
    mut wrote: impl FnMut(Uuid),
) -> Result<(), FileError> {
    let mut insert = BatchInsert::new(connection);
    read_each(entries, |entry, read| {
        if entry.sequence != *sequence + 1 {
            return Err(damaged(format!("the entry {} of the log is missing", *sequence + 1)));
        }
        if let Some(commit) = read? {
            wrote(commit.commit.writer());
            add_commit(&mut insert, log, commit)
                .map_err(|wrong| wrong.into_error(format_args!("the entry {} of the log", entry.sequence)))?;
        }
        *sequence = entry.sequence;
        Ok(())
    })?;
    insert.flush()?;
    drop(insert);
    log.forget_commands();
    log.write_heads(connection)
}

enum Wrong {
    Entry(&'static str),
    File(FileError),
}

impl Wrong {
    fn into_error(self, entry: std::fmt::Arguments<'_>) -> FileError {
        match self {
            Self::Entry(what) => damaged(format!("{entry} {what}")),
            Self::File(error) => error,
        }
    }
}

impl From<FileError> for Wrong {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

fn add_commit<'a, E: StoredEvent>(
    insert: &mut BatchInsert<'_, 'a>,
    log: &mut WritableLog<E>,
    ReadCommit { commit, events }: ReadCommit<'a>,
) -> Result<(), Wrong> {
    if commit.base() != Position::new(log.end.end.position) || commit.before != log.end.end.hash {
        return Err(Wrong::Entry(
            "does not follow the events that were seen before it: the log has other events by now",
        ));
    }
    for ReadEvent { event, number_in_command, hash } in events {
        let EntryEvent { position, stream, version, previous_position, time, metadata, .. } = event;
        let mut head = match log.head(insert.connection(), &stream)? {
            Some(head) => head,
            None => insert_stream(insert.connection(), &stream)?,
        };
        let is_next = position.get() == log.end.end.position + 1 && version.get() == head.version + 1;
        if !is_next || previous_position.is_some_and(|previous| previous != head.last_position) {
            return Err(Wrong::Entry("has an event out of its place"));
        }
        let new = NewEvent {
            time,
            event_type: event.r#type,
            schema_version: event.schema_version,
            number_in_command,
            metadata: &metadata,
            data: event.data,
            hash,
        };
        log.add_event(insert, &stream, &mut head, new)?;
        let snapshot = commit.snapshot(head.last_position).filter(|state| metadata.names_snapshot(state));
        if let Some(state) = snapshot {
            let (version, position) = (Version::new(head.version), Position::new(head.last_position));
            let snapshot = Snapshot { version, position, time, state };
            write_snapshot(insert.connection(), head.stream, &snapshot, &log.end.end.hash)?;
        }
        log.move_head(stream, head);
    }
    if commit.hash != log.end.end.hash {
        return Err(Wrong::Entry("does not match its hash"));
    }
    Ok(())
}

fn damaged(what: String) -> FileError {
    FileError::OfLog(StoreFailure::of_kind(what, StoreFailureKind::Damaged))
}

impl From<NotACommit> for FileError {
    fn from(error: NotACommit) -> Self {
        damaged(error.to_string())
    }
}
