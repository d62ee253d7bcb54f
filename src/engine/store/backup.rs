//! Progress and errors of a backup.

use std::path::PathBuf;

use thiserror::Error;

use super::StoreError;
use crate::engine::runtime::StoreFailure;

/// The current step of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupStep {
    /// Copying a file; progress counts pages.
    Copy,
    /// Storing a log that is not in a file; progress counts events.
    Store,
    /// Verifying the copy; progress counts events.
    Check,
}

/// Why a backup failed. No part of it is left.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BackupError {
    /// The destination exists and was left unchanged.
    #[error("{}: the file already exists", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// A deleted file of this name left its write-ahead log or its `-end` file, which would be taken for the copy's.
    #[error("{}: {} is left over from a deleted file; remove it, or choose another name", path.display(), left_over.display())]
    LeftOver {
        /// The destination.
        path: PathBuf,
        /// The leftover file.
        left_over: PathBuf,
    },
    /// The name is reserved for a companion of another file.
    #[error("{}: names that end in `{ending}` are reserved for companions of another file; choose another name", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// The reserved ending.
        ending: &'static str,
    },
    /// The disk has no room for the copy.
    #[error("{}: the disk is full", path.display())]
    DiskFull {
        /// The copy.
        path: PathBuf,
    },
    /// The copy could not be written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The copy.
        path: PathBuf,
        /// What the system or SQLite said.
        #[source]
        reason: StoreFailure,
    },
    /// The copy failed verification, so the original is damaged too.
    #[error("the copy is damaged: {problem}")]
    Broken {
        /// What is wrong.
        problem: String,
    },
    /// The file could not be read.
    #[error("{0}")]
    Store(#[from] StoreError),
}
