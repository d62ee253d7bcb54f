//! The file that both services share.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use super::BookEvent;
use crate::engine::runtime::Supervisor;
use crate::engine::store::sqlite::{SqliteOptions, SqliteStore};
use crate::engine::store::{OpenStoreError, StoreError, StoreUrl, is_memory, path_named_by};

/// The file of a library, which several processes can share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryFile(PathBuf);

/// Why a name is not the path of a library's file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoLibraryFile {
    /// The name is `memory`, which two processes cannot share.
    #[error("two processes share a file, not memory: name one, such as library.db")]
    Memory,
    /// The name is empty, or a URL of another kind.
    #[error("{name:?} names no file")]
    NoPath {
        /// The name.
        name: String,
    },
}

/// Why a library could not be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// The file cannot be opened as it is. It is unchanged.
    #[error("{0}")]
    File(#[from] OpenStoreError),
    /// The file was opened but cannot be read.
    #[error("{0}")]
    Unreadable(#[from] StoreError),
}

impl LibraryFile {
    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Opens the file, or creates it. It stays open until the supervisor stops or the last handle is dropped.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: what is wrong with the file.
    pub async fn open(&self, supervisor: &Supervisor) -> Result<SqliteStore<BookEvent>, OpenError> {
        let (path, supervisor) = (self.0.clone(), supervisor.clone());
        let opening = move || SqliteStore::open(&path, SqliteOptions::default(), &supervisor);
        let opened = crate::engine::runtime::blocking(opening).await;
        Ok(opened.map_err(|not_done| StoreError::Failed(not_done.to_string().into()))??)
    }
}

/// Parses a path, with or without the prefix `sqlite:`.
impl FromStr for LibraryFile {
    type Err = NoLibraryFile;

    fn from_str(name: &str) -> Result<Self, NoLibraryFile> {
        match path_named_by(name) {
            _ if is_memory(name) => Err(NoLibraryFile::Memory),
            Some(path) => Ok(Self(path.to_owned())),
            None => Err(NoLibraryFile::NoPath { name: name.to_owned() }),
        }
    }
}

impl From<LibraryFile> for StoreUrl {
    fn from(file: LibraryFile) -> Self {
        Self::Sqlite(file.0)
    }
}

impl fmt::Display for LibraryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.display())
    }
}
