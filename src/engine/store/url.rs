//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

/// Where events are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// In memory, for as long as the process lives.
    #[default]
    Memory,
    /// In a file, see [`SqliteStore`](super::sqlite::SqliteStore).
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
}

impl StoreUrl {
    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => Some(path),
        }
    }
}

/// The store that a URL names: `memory`, or a path with or without `sqlite:` before it.
impl FromStr for StoreUrl {
    type Err = UnsupportedUrl;

    fn from_str(url: &str) -> Result<Self, UnsupportedUrl> {
        match path_named_by(url) {
            _ if url == "memory" => Ok(Self::Memory),
            #[cfg(feature = "sqlite")]
            Some(path) => Ok(Self::Sqlite(path.to_owned())),
            #[cfg(not(feature = "sqlite"))]
            Some(path) => Err(UnsupportedUrl::NoFiles { path: path.to_owned() }),
            None => Err(UnsupportedUrl::Unknown { url: url.to_owned() }),
        }
    }
}

impl TryFrom<&str> for StoreUrl {
    type Error = UnsupportedUrl;

    fn try_from(url: &str) -> Result<Self, UnsupportedUrl> {
        url.parse()
    }
}

#[cfg(feature = "sqlite")]
impl From<PathBuf> for StoreUrl {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

#[cfg(feature = "sqlite")]
impl From<&Path> for StoreUrl {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

/// The file that a URL names: a path, with or without `sqlite:` before it. `None` for another kind of URL, which only
/// looks like a path.
pub fn path_named_by(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let is_path = !path.is_empty() && !path.contains("://") && !path.contains('\0');
    is_path.then(|| Path::new(path))
}

/// What an application cannot be kept in.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnsupportedUrl {
    /// There is no store of such a kind.
    #[error("{url:?} names no store that this program has; leave it out for the memory store")]
    Unknown {
        /// What was given.
        url: String,
    },
    /// It names a file.
    #[error("{}: {NO_FILES}", path.display())]
    NoFiles {
        /// The file.
        path: PathBuf,
    },
}

/// What is said where a file is asked for and there can be none.
pub(in crate::engine) const NO_FILES: &str =
    "a file needs the cargo feature `sqlite`, which this program was built without";
