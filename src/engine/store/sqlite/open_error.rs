//! Why a file was not opened.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use super::disk_full;
use super::lock_holder::holder;
use crate::engine::log::Position;
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::codec::UnreadableEvent;

/// How the refusals end that can be overruled.
pub(super) const ONLY_ACCEPTED: &str = "; only `accept_loss: true` opens it as it is";

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
        #[source]
        reason: StoreFailure,
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
        #[source]
        reason: StoreFailure,
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
    /// Another program committed, opened or closed it for too long. Nothing was changed.
    #[error("{}: another program holds the file: {holder}", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// Who that is, as far as the system tells.
        holder: String,
    },
    /// Its events are about something else.
    #[error("{}: this is the file of a {found}, not of a {expected}", path.display())]
    OtherDomain {
        /// The file.
        path: PathBuf,
        /// What it is about.
        found: String,
        /// What it should be about.
        expected: &'static str,
    },
    /// The last event is not known here. It is no damage.
    #[error("{}: the event at position {position} is {event}", path.display())]
    UnknownEvent {
        /// The file.
        path: PathBuf,
        /// The event's position.
        position: Position,
        /// What is not known.
        #[source]
        event: UnreadableEvent,
    },
    /// A file that is gone has left its log, which would be taken for that of a new one.
    #[error(
        "{}: there is no such file, but {} is left of one; put the file back beside it, remove it, \
         or let `accept_loss: true` do that",
        path.display(),
        left_over.display()
    )]
    LeftOver {
        /// The file that is not there.
        path: PathBuf,
        /// What is left of it.
        left_over: PathBuf,
    },
    /// There is no such file, and its name would be that of a companion of another one.
    #[error("{}: a name that ends in `{ending}` is that of a file beside another one; choose another name", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// How its name ends.
        ending: &'static str,
    },
    /// It is open under another of its names, and has its log there.
    #[error("{}: another program has this file open under another name: {holder}", path.display())]
    OtherName {
        /// The file.
        path: PathBuf,
        /// Who that is, as far as the system tells.
        holder: String,
    },
    /// The file system lacks what a file needs.
    #[error("{}: the file system does not support this: {what}", path.display())]
    NotSupported {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        what: &'static str,
    },
    /// Anything else that the system or SQLite has against it.
    #[error("{}: {reason}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What they said.
        #[source]
        reason: StoreFailure,
    },
}

pub(super) fn damaged(path: &Path, reason: String) -> OpenStoreError {
    OpenStoreError::Damaged { path: path.into(), reason: StoreFailure::of_kind(reason, StoreFailureKind::Damaged) }
}

pub(super) fn refused(path: &Path, error: io::Error) -> OpenStoreError {
    let path = path.into();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            OpenStoreError::ReadOnly { path, reason: error.into() }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            OpenStoreError::DiskFull { path }
        }
        _ => OpenStoreError::Failed { path, reason: error.into() },
    }
}

pub(super) fn sqlite(path: &Path, error: rusqlite::Error) -> OpenStoreError {
    if let Some(error) = too_many_open(&error) {
        return OpenStoreError::Failed { path: path.into(), reason: error.into() };
    }
    let is_full = disk_full::is_why(path, &error);
    let (code, is_about_shared_memory) = (error.sqlite_error_code(), is_about_shared_memory(&error));
    let reason = |kind| StoreFailure::caused_by(format!("SQLite: {error}"), kind, error);
    let path = path.into();
    match code {
        Some(_) if is_about_shared_memory => OpenStoreError::NotSupported { path, what: NO_SHARED_MEMORY },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenStoreError::Damaged { path, reason: reason(StoreFailureKind::Damaged) }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let holder = holder(&path);
            OpenStoreError::Busy { path, holder }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            OpenStoreError::ReadOnly { path, reason: reason(StoreFailureKind::Other) }
        }
        Some(_) if is_full => OpenStoreError::DiskFull { path },
        Some(_) => OpenStoreError::Failed { path, reason: reason(StoreFailureKind::Other) },
        // A column that holds something else than expected.
        None => OpenStoreError::Damaged { path, reason: reason(StoreFailureKind::Damaged) },
    }
}

const NO_SHARED_MEMORY: &str = "programs cannot share memory by a file on it, by which they take turns";

fn is_about_shared_memory(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP, SQLITE_IOERR_SHMOPEN};
    let code = error.sqlite_error().map(|error| error.extended_code);
    code.is_some_and(|code| [SQLITE_IOERR_SHMOPEN, SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP].contains(&code))
}

/// SQLite does not say why it cannot open a file, and it opens a few. Where the system gives no more of them now, that
/// is why.
pub(super) fn too_many_open(error: &rusqlite::Error) -> Option<io::Error> {
    const OPENED: usize = 4;
    let cannot_open = error.sqlite_error_code() == Some(ErrorCode::CannotOpen);
    let opened: Vec<_> = (0..OPENED).filter(|_| cannot_open).map(|_| File::open("/dev/null")).collect();
    opened.into_iter().find_map(Result::err)
}
