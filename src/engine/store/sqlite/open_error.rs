//! Why a file was not opened.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::engine::event::Position;

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

pub(super) fn damaged(path: &Path, reason: String) -> OpenStoreError {
    OpenStoreError::Damaged { path: path.into(), reason }
}

pub(super) fn refused(path: &Path, error: io::Error) -> OpenStoreError {
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

pub(super) fn sqlite(path: &Path, error: rusqlite::Error) -> OpenStoreError {
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
    pub(super) fn of(mut self, named: &Path) -> Self {
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
