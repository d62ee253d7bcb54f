//! Opens the file, or makes it; what is not as it should be is refused, and stays as it is.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use rustix::fs::Access;
use rustix::io::Errno;

use super::HANDLERS;
use super::create::create;
use super::end_file::{self, EndFile};
use super::hash_chain::{BEFORE_THE_FIRST, Hash};
use super::open_error::{OpenStoreError, damaged, refused, sqlite};
use super::open_here::OpenHere;
use super::schema::{APPLICATION_ID, TABLES, USER_VERSION, connect, make_durable};
use super::stored_log::{Head, LogEnd, ReadError, StoredLog};
use crate::engine::event::Position;
use crate::engine::store::stored_event::StoredEvent;

/// A file that was found good.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) end: LogEnd,
    pub(super) end_file: EndFile,
    pub(super) here: Arc<OpenHere>,
}

/// The name of a companion of the file.
pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens the file or makes it, and looks at its header and at its log's end: that takes as long for any log.
pub(super) fn open<E: StoredEvent>(path: &Path, accept_loss: bool) -> Result<Opened, OpenStoreError> {
    let path = resolve(path)?;
    let found = match fs::metadata(&path) {
        Ok(found) if !found.is_file() => return Err(OpenStoreError::NoFile { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(&path, accept_loss)?;
            fs::metadata(&path)
        }
        found => found,
    };
    let found = found.map_err(|error| refused(&path, error))?;
    let here = Arc::new(OpenHere::after(&found, || check_header(&path))?);
    check_companions(&path)?;
    let connection = connect(&path).map_err(|error| sqlite(&path, error))?;
    let pragma =
        |name| connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|error| sqlite(&path, error));
    check_version(&path, pragma("application_id")?, pragma("user_version")?)?;
    let unset = make_durable(&connection).map_err(|error| sqlite(&path, error))?;
    if let Some(reason) = unset {
        return Err(OpenStoreError::Failed { path, reason });
    }
    check_tables(&path, &connection)?;
    let end = check_end::<E>(&path, &connection)?;
    let end_file = check_acknowledged(&path, &connection, end, accept_loss)?;
    Ok(Opened { path, connection, end, end_file, here })
}

/// The file's whole path, with no symbolic links in it.
fn resolve(path: &Path) -> Result<PathBuf, OpenStoreError> {
    match fs::canonicalize(path) {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let directory = match path.parent() {
                Some(directory) if !directory.as_os_str().is_empty() => directory,
                _ => Path::new("."),
            };
            let no_directory = || OpenStoreError::NoDirectory { path: path.into(), directory: directory.into() };
            let no_file = || OpenStoreError::NoFile { path: path.into() };
            let name = path.file_name().ok_or_else(no_file)?;
            // A name that only a directory can have, or a link to what is not there.
            let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
            if is_link || path.as_os_str().as_bytes().ends_with(b"/") {
                return Err(no_file());
            }
            match fs::canonicalize(directory) {
                Ok(directory) if directory.is_dir() => Ok(directory.join(name)),
                Ok(_) => Err(no_directory()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(no_directory()),
                Err(error) => Err(refused(path, error)),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            let directory = path.parent().unwrap_or(path).into();
            Err(OpenStoreError::NoDirectory { path: path.into(), directory })
        }
        Err(error) => Err(refused(path, error)),
    }
}

/// Looks at the file's first bytes before SQLite does, which would begin to work on whatever it is.
fn check_header(path: &Path) -> Result<(), OpenStoreError> {
    let not_ours = |reason: &str| Err(OpenStoreError::NotOurs { path: path.into(), reason: reason.into() });
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| refused(path, error))?;
    let mut header = [0; 100];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return not_ours("it is too short"),
        Err(error) => return Err(refused(path, error)),
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return not_ours("it is no SQLite database");
    }
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    check_version(path, number(68), number(60))
}

/// It must be a file of this program, and of a version that is known.
fn check_version(path: &Path, application_id: i32, user_version: i32) -> Result<(), OpenStoreError> {
    if application_id != APPLICATION_ID {
        let reason = "it is the SQLite database of another program".to_owned();
        return Err(OpenStoreError::NotOurs { path: path.into(), reason });
    }
    match user_version {
        USER_VERSION => Ok(()),
        found if found > USER_VERSION => Err(OpenStoreError::Newer {
            path: path.into(),
            found: found.unsigned_abs(),
            known: USER_VERSION.unsigned_abs(),
        }),
        found => Err(damaged(path, format!("it has version {found}, which there never was"))),
    }
}

/// What stands beside the file must be writable too. SQLite would only say that it cannot open the file.
fn check_companions(path: &Path) -> Result<(), OpenStoreError> {
    for suffix in ["-wal", "-shm", end_file::SUFFIX, HANDLERS] {
        let companion = companion(path, suffix);
        match rustix::fs::access(&companion, Access::READ_OK | Access::WRITE_OK) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(refused(&companion, error.into())),
        }
    }
    Ok(())
}

/// The tables must be those that this version makes.
fn check_tables(path: &Path, connection: &Connection) -> Result<(), OpenStoreError> {
    let tables = |connection: &Connection| -> rusqlite::Result<Vec<(String, Option<String>)>> {
        let sql = "SELECT type || ' ' || name, sql FROM sqlite_schema ORDER BY 1";
        connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let found = tables(connection).map_err(|error| sqlite(path, error))?;
    let expected = Connection::open_in_memory().and_then(|fresh| {
        fresh.execute_batch(TABLES)?;
        tables(&fresh)
    });
    if found == expected.map_err(|error| sqlite(path, error))? {
        Ok(())
    } else {
        Err(damaged(path, "its tables are not those that were made".to_owned()))
    }
}

/// The last event must fit its hash, and its stream must end with it.
fn check_end<E: StoredEvent>(path: &Path, connection: &Connection) -> Result<LogEnd, OpenStoreError> {
    let read = || -> Result<LogEnd, ReadError> {
        let end = LogEnd::read(connection)?;
        let position = end.end.position;
        if position > 0 {
            let events = StoredLog::<E>::default().read_all(connection, Position::new(position).before(), 1)?;
            let head = match &events[..] {
                [event] => Head::read(connection, event.stream.as_str())?,
                _ => None,
            };
            if head.is_none_or(|head| head.last_position != position) {
                return Err(ReadError::Damaged { position, what: "its stream does not end with the last event" });
            }
        }
        Ok(end)
    };
    read().map_err(|error| match error {
        ReadError::Sqlite(error) => sqlite(path, error),
        error => damaged(path, error.to_string()),
    })
}

/// The log must reach as far as was ever acknowledged, with the same event there.
fn check_acknowledged(
    path: &Path,
    connection: &Connection,
    LogEnd { end, .. }: LogEnd,
    accept_loss: bool,
) -> Result<EndFile, OpenStoreError> {
    let end_path = companion(path, end_file::SUFFIX);
    let log_end = Position::new(end.position);
    let unknown =
        |problem| OpenStoreError::EndUnknown { path: path.into(), end_file: end_path.clone(), problem, log_end };
    let Some(mut end_file) = EndFile::open(&end_path).map_err(|error| refused(&end_path, error))? else {
        if !accept_loss {
            return Err(unknown("missing"));
        }
        return EndFile::create(&end_path, end).map_err(|error| refused(path, error));
    };
    let refusal = match end_file.read().map_err(|error| refused(&end_path, error))? {
        None => unknown("damaged"),
        Some(acknowledged) => {
            let same = match hash_if_there(connection, acknowledged.position) {
                Ok(hash) => hash == Some(acknowledged.hash),
                Err(error) => return Err(sqlite(path, error)),
            };
            if same {
                return Ok(end_file);
            }
            // Another process may have gone on since the log's end was read, but never back.
            OpenStoreError::LostEnd { path: path.into(), acknowledged: Position::new(acknowledged.position), log_end }
        }
    };
    if !accept_loss {
        return Err(refusal);
    }
    end_file.replace(end).map_err(|error| refused(path, error))?;
    Ok(end_file)
}

fn hash_if_there(connection: &Connection, position: u64) -> rusqlite::Result<Option<Hash>> {
    if position == 0 {
        return Ok(Some(BEFORE_THE_FIRST));
    }
    match super::stored_log::hash_at(connection, position) {
        Ok(hash) => Ok(Some(hash)),
        Err(ReadError::Sqlite(error)) => Err(error),
        Err(_) => Ok(None),
    }
}
