//! Store URLs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

#[cfg(feature = "nats")]
use super::cluster_url::{ClusterUrl, InvalidClusterUrl, SCHEME};

/// Where a store keeps its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// In memory, until the process ends.
    #[default]
    Memory,
    /// In a file, see [`SqliteStore`](super::sqlite::SqliteStore).
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    /// On a NATS JetStream cluster, see [`JetStreamLog`](super::nats::JetStreamLog).
    #[cfg(feature = "nats")]
    Nats(ClusterUrl),
}

impl StoreUrl {
    /// The store's file, if it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => Some(path),
            #[cfg(feature = "nats")]
            Self::Nats(_) => None,
        }
    }
}

/// Parses `memory`, which SQLite calls `:memory:`; a path with or without the prefix `sqlite:`, also written `sqlite://`;
/// or `nats://host:port,host:port/name`.
impl FromStr for StoreUrl {
    type Err = UnsupportedUrl;

    fn from_str(url: &str) -> Result<Self, UnsupportedUrl> {
        match path_named_by(url) {
            _ if is_memory(url) => Ok(Self::Memory),
            _ if has_parameters(url) => Err(UnsupportedUrl::Parameters { url: url.to_owned() }),
            #[cfg(feature = "nats")]
            _ if url.starts_with(SCHEME) => Ok(Self::Nats(url.parse()?)),
            #[cfg(not(feature = "nats"))]
            _ if url.starts_with("nats://") => Err(UnsupportedUrl::NoClusters),
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
            #[cfg(feature = "nats")]
            Self::Nats(url) => url.fmt(f),
        }
    }
}

/// Whether a URL names a store in memory: `memory`, or as SQLite has it `:memory:`, in upper or lower case and with its
/// prefixes and options.
pub fn is_memory(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    let name = ["sqlite://", "sqlite:", "file:"].iter().find_map(|prefix| url.strip_prefix(prefix)).unwrap_or(&url);
    ["memory", "memory:"].contains(&url.as_str()) || name.split('?').next() == Some(":memory:")
}

/// The path in a URL, with or without the prefix `sqlite:` or `sqlite://`; `None` for another kind of URL that only looks
/// like a path. Without the prefix, `-` is no path, and nothing that begins like an SQLite name for memory or a file.
pub fn path_named_by(url: &str) -> Option<&Path> {
    let prefixed = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    let path = prefixed.unwrap_or(url);
    let is_path = !path.trim().is_empty() && !path.contains("://") && !path.contains('\0');
    let is_plain = prefixed.is_some() || !(path == "-" || path.starts_with(':') || is_file_url(path));
    (is_path && is_plain).then(|| Path::new(path))
}

/// Whether a URL of a file has parameters, as other programs know them.
fn has_parameters(url: &str) -> bool {
    url.starts_with("sqlite:") && url.contains('?')
}

fn is_file_url(url: &str) -> bool {
    const SCHEME: &str = "file:";
    url.get(..SCHEME.len()).is_some_and(|begun| begun.eq_ignore_ascii_case(SCHEME))
}

/// The URL of a store that this program does not support.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnsupportedUrl {
    /// No kind of store has this URL.
    #[error("{url:?} is not a store that this program supports; leave it out for the memory store")]
    Unknown {
        /// The URL.
        url: String,
    },
    /// The URL is a file with parameters.
    #[error(
        "{url:?} has parameters, and a file takes none; one whose name has a question mark is named without the prefix"
    )]
    Parameters {
        /// The URL.
        url: String,
    },
    /// The URL is a file, and this program was built without support for files.
    #[error("{}: {NO_FILES}", path.display())]
    NoFiles {
        /// The file.
        path: PathBuf,
    },
    /// The URL is a cluster, and this program was built without support for clusters. Its password, if it has one, is not
    /// repeated.
    #[cfg(not(feature = "nats"))]
    #[error("a cluster needs the cargo feature `nats`, which this program was built without")]
    NoClusters,
    /// The URL is not quite that of a cluster.
    #[cfg(feature = "nats")]
    #[error("{0}")]
    Cluster(#[from] InvalidClusterUrl),
}

/// The error for a file in a program that does not support files.
pub(in crate::engine) const NO_FILES: &str =
    "a file needs the cargo feature `sqlite`, which this program was built without";

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn slashes_after_the_prefix_are_not_those_of_the_path() {
        for (url, path) in [
            ("bank.db", "bank.db"),
            ("sqlite:bank.db", "bank.db"),
            ("sqlite://bank.db", "bank.db"),
            ("sqlite:/tmp/bank.db", "/tmp/bank.db"),
            ("sqlite:///tmp/bank.db", "/tmp/bank.db"),
        ] {
            assert_eq!(url.parse(), Ok(StoreUrl::Sqlite(path.into())), "{url}");
        }
        assert!("sqlite://".parse::<StoreUrl>().is_err());
    }

    #[test]
    fn a_file_has_no_parameters() {
        for url in ["sqlite://bank.db?mode=ro", "sqlite:bank.db?foo=1", "sqlite:///tmp/bank.db?"] {
            let error = UnsupportedUrl::Parameters { url: url.to_owned() };
            assert_eq!(url.parse::<StoreUrl>(), Err(error), "{url}");
        }
        assert_eq!("bank.db?foo=1".parse(), Ok(StoreUrl::Sqlite("bank.db?foo=1".into())));
    }

    #[test]
    fn memory_is_no_file_however_it_is_written() {
        for url in [
            "memory",
            "MEMORY",
            ":memory:",
            "memory:",
            ":MEMORY:",
            "sqlite::memory:",
            "sqlite://:memory:",
            "SQLite::Memory:",
            "file::memory:",
            "file::memory:?cache=shared",
        ] {
            assert_eq!(url.parse(), Ok(StoreUrl::Memory), "{url}");
        }
        for url in ["-", ":memory", ":memory:bank", "file:bank.db", "FILE:bank.db?mode=memory", "file::memory"] {
            assert!(url.parse::<StoreUrl>().is_err(), "{url}");
        }
        for (url, path) in [("./-", "./-"), ("sqlite:-", "-"), ("sqlite:memory", "memory"), ("./:memory", "./:memory")]
        {
            assert_eq!(url.parse(), Ok(StoreUrl::Sqlite(path.into())), "{url}");
        }
    }
}
