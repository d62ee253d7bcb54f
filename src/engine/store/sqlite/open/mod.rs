//! Opens the file, or creates it. A file that fails a check is refused and stays unchanged.

pub(super) mod checks;
pub(super) mod compiled;
pub(super) mod create;
pub(super) mod error;
pub(super) mod hard_links;

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use self::checks::{check, check_header};
use self::create::create;
use self::error::{refused, sqlite};
use super::SqliteOptions;
use super::close::Closing;
use super::files::companions;
use super::files::companions::{END, SHM, WAL, companion};
use super::files::end_file::{Deadline, End, EndFile, LockError, RecordedEnd};
use super::files::lock_holder::holder;
use super::files::no_journal::NoJournal;
use super::files::open_file::OpenFile;
use super::files::{owner, sole_access};
use super::tables::format::Format;
use super::tables::log_links::LogEnd;
use super::tables::schema::connect;
use crate::engine::disk::NO_SYNC_OF_DIRECTORIES;
use crate::engine::store::OpenStoreError;
use crate::engine::store::codec::StoredEvent;

/// How long to wait while another program commits, opens or closes.
pub(super) const WAIT_FOR_OTHERS: Duration = Duration::from_secs(5);

/// How often to start over when the file is replaced while it is being opened.
const MAX_TRIES: usize = 16;

/// An open file that passed all checks.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) format: Format,
    pub(super) end: LogEnd,
    pub(super) end_file: EndFile,
    pub(super) open_file: Arc<OpenFile>,
    /// Earliest time at which anything in the file may be answered.
    pub(super) silent_until: Option<Instant>,
    /// Whether this call created the file.
    is_created: bool,
}

impl Opened {
    /// Closes a file that cannot be used after all, and removes it if this call created it.
    pub(super) fn abandon(self) {
        let Self { path, connection, format, mut end_file, open_file, is_created, .. } = self;
        let is_new = || LogEnd::read(&connection).is_ok_and(|end| end.end == End::EMPTY);
        if !is_created
            || end_file.lock(Deadline::after(WAIT_FOR_OTHERS)).is_err()
            || !open_file.is_at(&path)
            || !is_new()
        {
            let path = path.into();
            return Closing { path, connection, format, end_file, open_file, is_held: false }.close();
        }
        // SQLite removes its write-ahead log when the last connection of all programs closes.
        let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        drop(connection);
        if !companion(&path, WAL).exists() {
            remove_created(&path);
        }
    }
}

/// Removes an unneeded new file that no one else has open. If that fails, an empty bank remains.
fn remove_created(path: &Path) {
    let _ = fs::remove_file(path);
    for suffix in companions::ALL {
        let _ = fs::remove_file(companion(path, suffix));
    }
}

/// Opens or creates the file, and checks its header, the end of its log and the heads of its streams. The cost grows
/// with the number of streams, not of events.
pub(super) fn open<E: StoredEvent>(path: &Path, options: SqliteOptions) -> Result<Opened, OpenStoreError> {
    let deadline = Deadline::after(WAIT_FOR_OTHERS);
    for _ in 0..MAX_TRIES {
        let path = resolve(path)?;
        let mut is_created = false;
        match fs::metadata(&path) {
            Ok(found) if !found.is_file() => return Err(OpenStoreError::NoFile { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                is_created = create(&path, E::DOMAIN, options.accept_loss)?;
            }
            Err(error) => return Err(refused(&path, error)),
            Ok(_) => {}
        }
        if let Some(opened) = open_existing::<E>(&path, options, is_created, deadline)? {
            if !options.foreign && !is_created {
                owner::warn_of_others(&opened.path);
            }
            return Ok(opened);
        }
    }
    let reason = "it was repeatedly moved, removed or replaced".into();
    Err(OpenStoreError::Failed { path: path.into(), reason })
}

/// Opens an existing file; `None` if it was replaced meanwhile.
fn open_existing<E: StoredEvent>(
    path: &Path,
    options: SqliteOptions,
    is_created: bool,
    deadline: Deadline,
) -> Result<Option<Opened>, OpenStoreError> {
    let path = hard_links::name_in_use(path)?;
    let (open_file, path) = OpenFile::open(
        &path,
        || OpenOptions::new().read(true).write(true).open(&path).map_err(|error| refused(&path, error)),
        |file| {
            check_header(&path, file)?;
            hard_links::check_name(&path, file)
        },
        |error| refused(&path, error),
    )?;
    let unusable = |(companion, error): (PathBuf, io::Error)| refused(&companion, error);
    let check_companions = || companions::check_usable(&path).map_err(unusable);
    check_companions()?;
    let end_path = companion(&path, END);
    let mut end_file = EndFile::open(end_path.clone()).map_err(|error| {
        // If another program has found the file, it has created the `-end` file.
        if is_created && !end_path.exists() {
            remove_created(&path);
        }
        match error.kind() {
            io::ErrorKind::Unsupported => {
                OpenStoreError::NotSupported { path: path.clone(), what: NO_SYNC_OF_DIRECTORIES }
            }
            _ => refused(&end_path, error),
        }
    })?;
    end_file.lock(deadline).map_err(|error| match error {
        LockError::Held => OpenStoreError::Busy { path: path.clone(), holder: holder(&path) },
        LockError::Io(error) => refused(&end_path, error),
    })?;
    if !open_file.is_at(&path) {
        return Ok(None);
    }
    // Once SQLite has opened its companions they are checked again, since another user may have put them there after
    // the first check. A journal would be gone by then.
    let checked = NoJournal::beside(&path).map_err(unusable).and_then(|_no_journal| {
        let checked = checked::<E>(&path, &mut end_file, options)?;
        check_companions().map(|()| checked)
    });
    let (connection, format, end) = match checked {
        Ok(checked) => checked,
        Err(refusal) => {
            // A program that has the file open has recorded the end.
            if is_created && matches!(end_file.read(), Ok(RecordedEnd::Empty)) {
                remove_created(&path);
            }
            end_file.remove_if_new();
            return Err(refusal);
        }
    };
    end_file.unlock();
    let silent_until = sole_access::silent_until(open_file.presence());
    Ok(Some(Opened {
        path,
        connection,
        format,
        end,
        end_file,
        open_file: Arc::new(open_file),
        silent_until,
        is_created,
    }))
}

/// Connects to the file and checks it. After a refusal, removes what SQLite created beside the file, but keeps a
/// non-empty write-ahead log.
fn checked<E: StoredEvent>(
    path: &Path,
    end_file: &mut EndFile,
    options: SqliteOptions,
) -> Result<(Connection, Format, LogEnd), OpenStoreError> {
    let is_empty = || fs::metadata(companion(path, WAL)).is_ok_and(|log| log.len() == 0);
    let checked = connect(path).map_err(|error| sqlite(path, error)).and_then(|connection| {
        match check::<E>(path, &connection, end_file, options) {
            Ok((format, end)) => Ok((connection, format, end)),
            Err(refusal) => {
                if is_empty() {
                    // If this fails, two harmless empty files remain.
                    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
                }
                Err(refusal)
            }
        }
    });
    if matches!(checked, Err(OpenStoreError::NotSupported { .. })) && is_empty() {
        // SQLite removes nothing when it cannot share memory; then no other program can have the file open either.
        for suffix in [WAL, SHM] {
            let _ = fs::remove_file(companion(path, suffix));
        }
    }
    checked
}

/// The file's absolute path, with symbolic links resolved.
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
            // A name that only a directory can have, or a dangling link.
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
