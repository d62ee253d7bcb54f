//! The checks that a file must pass before it is opened.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::error::{ONLY_ACCEPTED, damaged, refused, sqlite};
use crate::engine::log::Position;
use crate::engine::store::OpenStoreError;
use crate::engine::store::codec::{StoredEvent, UnreadableEvent};
use crate::engine::store::hash_chain::{GENESIS, Hash};
use crate::engine::store::sqlite::SqliteOptions;
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::files::companions::{END, companion};
use crate::engine::store::sqlite::files::end_file::{End, EndFile, RecordedEnd};
use crate::engine::store::sqlite::tables::expected_tables;
use crate::engine::store::sqlite::tables::expected_tables::{MissingObject, Tables};
use crate::engine::store::sqlite::tables::format::Format;
use crate::engine::store::sqlite::tables::log_links::{Head, LogEnd, hash_at};
use crate::engine::store::sqlite::tables::properties;
use crate::engine::store::sqlite::tables::row_sets::{check_row_sets, rebuild_row_sets};
use crate::engine::store::sqlite::tables::schema::{APPLICATION_ID, USER_VERSION, make_durable, scan};
use crate::engine::store::sqlite::tables::stored_log::StoredLog;

/// Checks one consistent view of the file. The lock keeps other programs from committing meanwhile.
pub(in crate::engine::store::sqlite) fn check<E: StoredEvent>(
    path: &Path,
    connection: &Connection,
    end_file: &mut EndFile,
    options: SqliteOptions,
) -> Result<(Format, LogEnd), OpenStoreError> {
    let SqliteOptions { accept_loss, foreign, .. } = options;
    let sqlite = |error| sqlite(path, error);
    let unset = make_durable(connection).map_err(sqlite)?;
    if let Some(reason) = unset {
        return Err(OpenStoreError::Failed { path: path.into(), reason: reason.into() });
    }
    let transaction = connection.unchecked_transaction().map_err(sqlite)?;
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0)).map_err(sqlite);
    let format = check_version(path, pragma("application_id")?, pragma("user_version")?)?;
    let missing = check_tables(path, connection, format)?;
    if format == Format::Second {
        check_domain::<E>(path, connection)?;
    }
    let end = check_end::<E>(path, connection, format)?;
    let is_known = check_acknowledged(path, connection, format, end, end_file, accept_loss)?;
    let rows = match format {
        Format::Second if !foreign => check_row_sets(connection),
        // The rows of a foreign file are replaced.
        Format::First | Format::Second => Ok(()),
    };
    drop(transaction);
    if !missing.is_empty() {
        rebuild_missing(path, connection, &missing, format)?;
    }
    match rows {
        Ok(()) => {}
        Err(FileError::Sqlite(error)) => return Err(sqlite(error)),
        Err(error) if !accept_loss => {
            return Err(damaged(path, format!("{error}; only `accept_loss: true` opens it as it is")));
        }
        Err(error) => {
            tracing::warn!("{}: {error}; opening it as it is", path.display());
            rebuild_row_sets(connection).map_err(|error| damaged(path, error.to_string()))?;
        }
    }
    if !is_known {
        end_file.replace(end.end).map_err(|error| refused(path, error))?;
    }
    Ok((format, end))
}

/// Checks the header before SQLite opens the file and changes it, whatever it is.
pub(in crate::engine::store::sqlite) fn check_header(path: &Path, file: &File) -> Result<(), OpenStoreError> {
    let not_ours = |reason: &str| Err(OpenStoreError::NotOurs { path: path.into(), reason: reason.into() });
    let mut header = [0; 100];
    match file.read_exact_at(&mut header, 0) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return not_ours("it is too short"),
        Err(error) => return Err(refused(path, error)),
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return not_ours("it is not an SQLite database");
    }
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    check_version(path, number(68), number(60)).map(drop)
}

/// Checks that the file belongs to this program and has a known version.
fn check_version(path: &Path, application_id: i32, user_version: i32) -> Result<Format, OpenStoreError> {
    if application_id != APPLICATION_ID {
        let reason = "it is the SQLite database of another program".to_owned();
        return Err(OpenStoreError::NotOurs { path: path.into(), reason });
    }
    match Format::of_version(user_version) {
        Some(format) => Ok(format),
        None if user_version > USER_VERSION => Err(OpenStoreError::Newer {
            path: path.into(),
            found: user_version.unsigned_abs(),
            known: USER_VERSION.unsigned_abs(),
        }),
        None => Err(damaged(path, format!("it has version {user_version}, which never existed"))),
    }
}

/// Checks the tables against those that this program creates. Returns what is missing and can be rebuilt.
fn check_tables(path: &Path, connection: &Connection, format: Format) -> Result<Vec<MissingObject>, OpenStoreError> {
    match expected_tables::check(connection, format).map_err(|error| sqlite(path, error))? {
        Tables::Changed { what } => Err(damaged(path, what)),
        Tables::Whole { beside, missing } => {
            if !beside.is_empty() {
                let (path, beside) = (path.display(), beside.join(", "));
                tracing::info!("{path}: besides the tables of this program, it contains: {beside}");
            }
            Ok(missing)
        }
    }
}

/// Rebuilds missing indexes and views, which only lead to events: the events are unchanged.
fn rebuild_missing(
    path: &Path,
    connection: &Connection,
    missing: &[MissingObject],
    format: Format,
) -> Result<(), OpenStoreError> {
    let names: Vec<_> = missing.iter().map(|missing| missing.name.as_str()).collect();
    let names = names.join(", ");
    match expected_tables::rebuild(connection, missing, format) {
        Ok(()) => {
            tracing::warn!("{}: rebuilt what was missing: {names}", path.display());
            Ok(())
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(damaged(path, format!("the {names} is missing and cannot be rebuilt: SQLite: {error}")))
        }
        Err(error) => Err(sqlite(path, error)),
    }
}

/// Checks that the file was created for this domain.
fn check_domain<E: StoredEvent>(path: &Path, connection: &Connection) -> Result<(), OpenStoreError> {
    match properties::read(connection, properties::DOMAIN).map_err(|error| sqlite(path, error))? {
        Some(found) if found == E::DOMAIN => Ok(()),
        Some(found) => Err(OpenStoreError::OtherDomain { path: path.into(), found, expected: E::DOMAIN }),
        None => Err(damaged(path, "it does not name the domain of its events".to_owned())),
    }
}

/// Checks that the last event fits its hash and ends its stream.
fn check_end<E: StoredEvent>(path: &Path, connection: &Connection, format: Format) -> Result<LogEnd, OpenStoreError> {
    let read = || -> Result<LogEnd, FileError> {
        let end = LogEnd::read(connection)?;
        let position = end.end.position;
        if position > 0 {
            let events = StoredLog::<E>::of(format).read_all(connection, Position::new(position).before(), 1)?;
            let head = match &events[..] {
                [event] => Head::read(connection, event.stream.as_str())?,
                _ => None,
            };
            if head.is_none_or(|head| head.last_position != position) {
                return Err(FileError::Damaged { position, what: "its stream does not end with the last event" });
            }
        }
        // An older head fits its event too, and would hide all later events of the stream.
        let events: i64 = scan(connection, || {
            connection.query_row("SELECT coalesce(sum(version), 0) FROM streams", [], |row| row.get(0))
        })?;
        if u64::try_from(events).ok() != Some(position) {
            return Err(FileError::Damaged { position, what: "the streams do not add up to the log" });
        }
        Ok(end)
    };
    read().map_err(|error| match error {
        FileError::Sqlite(error) => sqlite(path, error),
        FileError::Unreadable {
            position,
            error: event @ (UnreadableEvent::UnknownType { .. } | UnreadableEvent::UnknownVersion { .. }),
        } => OpenStoreError::UnknownEvent { path: path.into(), position: Position::new(position), event },
        error => damaged(path, error.to_string()),
    })
}

/// Checks that the log contains the last acknowledged event. Returns whether the `-end` file already records that.
fn check_acknowledged(
    path: &Path,
    connection: &Connection,
    format: Format,
    LogEnd { end, .. }: LogEnd,
    end_file: &EndFile,
    accept_loss: bool,
) -> Result<bool, OpenStoreError> {
    let end_path = companion(path, END);
    let log_end = Position::new(end.position);
    let sqlite = |error| sqlite(path, error);
    let unknown = |problem| {
        let end_file = end_path.clone();
        Err(OpenStoreError::EndUnknown { path: path.into(), end_file, problem, log_end })
    };
    let lost = |acknowledged: End| {
        let acknowledged = Position::new(acknowledged.position);
        Err(OpenStoreError::LostEnd { path: path.into(), acknowledged, log_end })
    };
    let has = |end: End| Ok(hash_if_present(connection, end.position).map_err(sqlite)? == Some(end.hash));
    let closed_at = match format {
        Format::First => None,
        Format::Second => properties::closed_at(connection).map_err(sqlite)?,
    };
    let acknowledged = end_file.read().map_err(|error| refused(&end_path, error))?;
    let refusal = match (acknowledged, closed_at) {
        (_, Some(closed_at)) if !has(closed_at)? => lost(closed_at),
        (RecordedEnd::UpTo(acknowledged), _) => {
            if has(acknowledged)? {
                return Ok(true);
            }
            lost(acknowledged)
        }
        (RecordedEnd::Damaged, _) => unknown("damaged"),
        (RecordedEnd::Empty, Some(closed_at))
            if closed_at == end && !properties::is_in_use(connection).map_err(sqlite)? =>
        {
            return Ok(false);
        }
        (RecordedEnd::Empty, Some(_)) if properties::is_copied(connection).map_err(sqlite)? => {
            let path = path.display();
            tracing::warn!(
                "{path}: this is a copy of a file that was in use; it ends at position {log_end}, and it cannot tell \
                 whether there were events after that"
            );
            return Ok(false);
        }
        (RecordedEnd::Empty, _) => unknown("missing"),
    };
    match refusal {
        Err(refusal) if accept_loss => {
            let refusal = refusal.to_string();
            let lost = refusal.strip_suffix(ONLY_ACCEPTED).unwrap_or(&refusal);
            tracing::warn!("{lost}; opening it as it is");
            Ok(false)
        }
        refusal => refusal,
    }
}

fn hash_if_present(connection: &Connection, position: u64) -> rusqlite::Result<Option<Hash>> {
    if position == 0 {
        return Ok(Some(GENESIS));
    }
    match hash_at(connection, position) {
        Ok(hash) => Ok(Some(hash)),
        Err(FileError::Sqlite(error)) => Err(error),
        Err(_) => Ok(None),
    }
}
