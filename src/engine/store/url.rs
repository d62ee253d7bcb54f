//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use super::sqlite::path_named_by;

/// Where events are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// In memory, for as long as the process lives.
    #[default]
    Memory,
    /// In a file, see [`SqliteStore`](super::sqlite::SqliteStore).
    Sqlite(PathBuf),
}

/// The store that a URL names: `memory`, or a path with or without `sqlite:` before it.
impl FromStr for StoreUrl {
    type Err = UnsupportedUrl;

    fn from_str(url: &str) -> Result<Self, UnsupportedUrl> {
        match path_named_by(url) {
            _ if url == "memory" => Ok(Self::Memory),
            Some(path) => Ok(Self::Sqlite(path.to_owned())),
            None => Err(UnsupportedUrl { url: url.to_owned() }),
        }
    }
}

impl TryFrom<&str> for StoreUrl {
    type Error = UnsupportedUrl;

    fn try_from(url: &str) -> Result<Self, UnsupportedUrl> {
        url.parse()
    }
}

impl From<PathBuf> for StoreUrl {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

impl From<&Path> for StoreUrl {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

/// There is no store of such a kind.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{url:?} names no store that this program has; leave it out for the memory store")]
pub struct UnsupportedUrl {
    /// What was given.
    pub url: String,
}
