//! Opens the file, or makes it; what is not as it should be is refused, and stays as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};
use thiserror::Error;

use super::end_file::{self, End, EndFile, create_private};
use super::hash_chain::{BEFORE_THE_FIRST, Hash};
use super::schema::{APPLICATION_ID, TABLES, USER_VERSION, connect, make_durable};
use super::stored_log::{Head, LogEnd, ReadError, StoredLog};
use crate::engine::event::Position;
use crate::engine::store::stored_event::StoredEvent;

/// Why a file was not opened. Nothing in it was changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenStoreError {
    /// The directory it should be in does not exist.
    #[error("{}: there is no directory {}", path.display(), directory.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
    },
    /// It is a directory, or something else that is no file.
    #[error("{}: this is no file", path.display())]
    NoFile {
        /// What it is not.
        path: PathBuf,
    },
    /// It is a file of something else.
    #[error("{}: this file is not ours: {reason}", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// How that was seen.
        reason: String,
    },
    /// A newer version of the program has written it.
    #[error("{}: the file has version {found}, and this program knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version that is known here.
        known: u32,
    },
    /// It cannot be written.
    #[error("{}: it cannot be written: {reason}", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// There is no room on the disk.
    #[error("{}: the disk is full", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// It is not as it was written.
    #[error("{}: the file is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Events that were acknowledged are gone: the log ends too early, or is another one.
    #[error(
        "{}: events up to position {acknowledged} were acknowledged, but the log {}; \
         only `accept_loss: true` opens it as it is",
        path.display(),
        if log_end < acknowledged { format!("ends at position {log_end}") }
        else { format!("has another event there (it ends at position {log_end})") }
    )]
    LostEnd {
        /// The file.
        path: PathBuf,
        /// The highest position that was acknowledged.
        acknowledged: Position,
        /// Where the log ends now.
        log_end: Position,
    },
    /// The file that knows where the log ends is missing or damaged, so that nobody can tell whether the log is
    /// whole.
    #[error(
        "{}: {} is {problem}, so the log, which ends at position {log_end}, may have lost its end; \
         only `accept_loss: true` opens it as it is",
        path.display(),
        end_file.display()
    )]
    EndUnknown {
        /// The file.
        path: PathBuf,
        /// The one that should know.
        end_file: PathBuf,
        /// What is the matter with it.
        problem: &'static str,
        /// Where the log ends now.
        log_end: Position,
    },
    /// Anything else that the system or SQLite has against it.
    #[error("{}: {reason}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What they said.
        reason: String,
    },
}

/// A file that was found good.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) end: LogEnd,
    pub(super) end_file: EndFile,
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
    match fs::metadata(&path) {
        Ok(found) if !found.is_file() => return Err(OpenStoreError::NoFile { path }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(&path, accept_loss)?,
        Err(error) => return Err(refused(&path, error)),
    }
    check_header(&path)?;
    let connection = connect(&path).map_err(|error| sqlite(&path, error))?;
    let unset = make_durable(&connection).map_err(|error| sqlite(&path, error))?;
    if let Some(reason) = unset {
        return Err(OpenStoreError::Failed { path, reason });
    }
    check_tables(&path, &connection)?;
    let end = check_end::<E>(&path, &connection)?;
    let end_file = check_acknowledged(&path, &connection, end, accept_loss)?;
    Ok(Opened { path, connection, end, end_file })
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
            let name = path.file_name().ok_or_else(|| OpenStoreError::NoFile { path: path.into() })?;
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

/// Makes an empty file under another name and gives it its own when it is whole: whoever finds the file finds
/// all of it.
fn create(path: &Path, accept_loss: bool) -> Result<(), OpenStoreError> {
    let end_path = companion(path, end_file::SUFFIX);
    match EndFile::open(&end_path).map_err(|error| refused(path, error))? {
        None => match EndFile::create(&end_path, End::OF_NOTHING) {
            Ok(_) => {}
            // Another process makes the same file at this moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let _ = fs::remove_file(&end_path);
                return Err(refused(path, error));
            }
        },
        Some(mut end_file) => {
            let end = end_file.read().map_err(|error| refused(path, error))?;
            let log_end = Position::START;
            match end {
                Some(End { position: 0, .. }) => {}
                _ if accept_loss => end_file.replace(End::OF_NOTHING).map_err(|error| refused(path, error))?,
                Some(end) => {
                    let acknowledged = Position::new(end.position);
                    return Err(OpenStoreError::LostEnd { path: path.into(), acknowledged, log_end });
                }
                None => {
                    let (path, problem) = (path.into(), "damaged");
                    return Err(OpenStoreError::EndUnknown { path, end_file: end_path, problem, log_end });
                }
            }
        }
    }
    let unfinished = companion(path, &format!("-new-{}", uuid::Uuid::new_v4().simple()));
    let created = create_under(&unfinished).and_then(|()| match fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(refused(path, error)),
        _ => Ok(()),
    });
    let _ = fs::remove_file(&unfinished);
    created.map_err(|error| error.of(path))?;
    let directory = path.parent().unwrap_or(path);
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| refused(path, error))
}

fn create_under(path: &Path) -> Result<(), OpenStoreError> {
    let file = create_private(path).map_err(|error| refused(path, error))?;
    let written = connect(path).and_then(|connection| {
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL; BEGIN; {TABLES}
             PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {USER_VERSION}; COMMIT;"
        ))
    });
    written.map_err(|error| sqlite(path, error))?;
    file.sync_all().map_err(|error| refused(path, error))
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
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if !header.starts_with(b"SQLite format 3\0") {
        return not_ours("it is no SQLite database");
    }
    if number(68) != APPLICATION_ID {
        return not_ours("it is the SQLite database of another program");
    }
    match number(60) {
        USER_VERSION => Ok(()),
        found if found > USER_VERSION => Err(OpenStoreError::Newer {
            path: path.into(),
            found: found.unsigned_abs(),
            known: USER_VERSION.unsigned_abs(),
        }),
        found => Err(damaged(path, format!("it has version {found}, which there never was"))),
    }
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
    let Some(mut end_file) = EndFile::open(&end_path).map_err(|error| refused(path, error))? else {
        if !accept_loss {
            return Err(unknown("missing"));
        }
        return EndFile::create(&end_path, end).map_err(|error| refused(path, error));
    };
    let refusal = match end_file.read().map_err(|error| refused(path, error))? {
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

fn damaged(path: &Path, reason: String) -> OpenStoreError {
    OpenStoreError::Damaged { path: path.into(), reason }
}

fn refused(path: &Path, error: io::Error) -> OpenStoreError {
    let path = path.into();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            OpenStoreError::ReadOnly { path, reason: error.to_string() }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            OpenStoreError::DiskFull { path }
        }
        _ => OpenStoreError::Failed { path, reason: error.to_string() },
    }
}

fn sqlite(path: &Path, error: rusqlite::Error) -> OpenStoreError {
    let reason = format!("SQLite: {error}");
    let path = path.into();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenStoreError::Damaged { path, reason },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => OpenStoreError::ReadOnly { path, reason },
        Some(ErrorCode::DiskFull) => OpenStoreError::DiskFull { path },
        Some(_) => OpenStoreError::Failed { path, reason },
        // A column that holds something else than expected.
        None => OpenStoreError::Damaged { path, reason },
    }
}

impl OpenStoreError {
    /// The same of the file that the user has named.
    fn of(mut self, named: &Path) -> Self {
        match &mut self {
            Self::NoDirectory { path, .. }
            | Self::NoFile { path }
            | Self::NotOurs { path, .. }
            | Self::Newer { path, .. }
            | Self::ReadOnly { path, .. }
            | Self::DiskFull { path }
            | Self::Damaged { path, .. }
            | Self::LostEnd { path, .. }
            | Self::EndUnknown { path, .. }
            | Self::Failed { path, .. } => *path = named.into(),
        }
        self
    }
}
