//! What a backup of a store tells on its way, and why there is none.

use std::path::PathBuf;

use thiserror::Error;

use super::StoreError;
use crate::engine::runtime::StoreFailure;

/// What a backup is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupStep {
    /// Copying a file; it tells pages.
    Copy,
    /// Storing a log that stands in no file; it tells events.
    Store,
    /// Verifying the copy; it tells events.
    Check,
}

/// Why there is no backup. Nothing is left of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BackupError {
    /// There is a file of this name, and it stays as it is.
    #[error("{}: there is such a file already", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// A file of this name that is gone has left its log or its end, which would be taken for those of the copy.
    #[error("{}: {} is left of a file that was here; remove it, or name another file", path.display(), left_over.display())]
    LeftOver {
        /// The file that is not there.
        path: PathBuf,
        /// What is left of it.
        left_over: PathBuf,
    },
    /// Its name would be that of a companion of another file.
    #[error("{}: a name that ends in `{ending}` is that of a file beside another one; choose another name", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// How its name ends.
        ending: &'static str,
    },
    /// There is no room for the copy.
    #[error("{}: the disk is full", path.display())]
    DiskFull {
        /// The copy.
        path: PathBuf,
    },
    /// The copy cannot be written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The copy.
        path: PathBuf,
        /// What the system or SQLite said.
        #[source]
        reason: StoreFailure,
    },
    /// What was copied does not fit together: neither does the file, then.
    #[error("the copy is not whole: {problem}")]
    Broken {
        /// What is wrong.
        problem: String,
    },
    /// The file could not be read.
    #[error("{0}")]
    Store(#[from] StoreError),
}
