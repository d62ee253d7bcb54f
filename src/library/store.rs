//! Where both services keep the library.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::BookEvent;
use crate::engine::application::{StartError, open_store};
use crate::engine::runtime::Supervisor;
use crate::engine::store::{ClusterOptions, Store, StoreUrl, UnsupportedUrl};

/// Where a library is kept that several processes can share: in a file, or on a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryStore(StoreUrl);

/// Why a name is not where a library can be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoLibraryStore {
    /// The name is `memory`, which two processes cannot share.
    #[error("two processes share a file, not memory: name one, such as library.db")]
    Memory,
    /// The name is empty, or a URL of another kind.
    #[error("{name:?} names no file")]
    NoPath {
        /// The name.
        name: String,
    },
    /// This program does not support it.
    #[error("{0}")]
    Unsupported(UnsupportedUrl),
}

impl LibraryStore {
    /// Opens the store, so that several services in one process can share it. A file is made if there is none. It stays open
    /// until the supervisor stops or the last handle is dropped.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what is wrong with it.
    pub async fn open(&self, cluster: ClusterOptions, supervisor: &Supervisor) -> Result<Store<BookEvent>, StartError> {
        open_store(&self.0, cluster, false, false, supervisor).await
    }
}

/// Parses a path, with or without the prefix `sqlite:`, or the URL of a log on a cluster.
impl FromStr for LibraryStore {
    type Err = NoLibraryStore;

    fn from_str(name: &str) -> Result<Self, NoLibraryStore> {
        match name.parse() {
            Ok(StoreUrl::Memory) => Err(NoLibraryStore::Memory),
            Ok(store) => Ok(Self(store)),
            Err(UnsupportedUrl::Unknown { url: name }) => Err(NoLibraryStore::NoPath { name }),
            Err(unsupported) => Err(NoLibraryStore::Unsupported(unsupported)),
        }
    }
}

impl From<LibraryStore> for StoreUrl {
    fn from(store: LibraryStore) -> Self {
        store.0
    }
}

impl fmt::Display for LibraryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            // As it was typed.
            StoreUrl::Sqlite(path) => write!(f, "{}", path.display()),
            store => store.fmt(f),
        }
    }
}
