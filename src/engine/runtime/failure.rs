//! Why something could not be done: by the system, or by what stores on it.

use std::error::Error;
use std::ops::Deref;
use std::sync::Arc;
use std::{fmt, io};

/// What stood in the way: in words, of what kind it is, and the error behind it where there was one.
///
/// That error is its [`source`](Error::source): an [`io::Error`], or an error of SQLite. Two failures are equal where
/// kind and words are. Cheap to clone.
#[derive(Clone)]
pub struct StoreFailure(Arc<Inner>);

struct Inner {
    said: String,
    kind: StoreFailureKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What a caller may want to tell from other failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFailureKind {
    /// There is no room on the disk, or none that the user may take.
    DiskFull,
    /// What is stored is not what was stored.
    Damaged,
    /// Anything else.
    Other,
}

impl StoreFailure {
    /// A failure in words, of no kind of its own.
    pub fn new(said: impl Into<String>) -> Self {
        Self::of_kind(said, StoreFailureKind::Other)
    }

    /// A failure in words, of a kind.
    pub fn of_kind(said: impl Into<String>, kind: StoreFailureKind) -> Self {
        Self(Arc::new(Inner { said: said.into(), kind, source: None }))
    }

    /// A failure in words, with the error behind it.
    pub fn caused_by(
        said: impl Into<String>,
        kind: StoreFailureKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner { said: said.into(), kind, source: Some(source.into()) }))
    }

    /// The kind that an error of the system is of.
    pub(crate) fn kind_of(error: &io::Error) -> StoreFailureKind {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                StoreFailureKind::DiskFull
            }
            _ => StoreFailureKind::Other,
        }
    }

    /// Of what kind it is.
    pub fn kind(&self) -> StoreFailureKind {
        self.0.kind
    }

    /// Whether there is no room on the disk.
    pub fn is_disk_full(&self) -> bool {
        self.kind() == StoreFailureKind::DiskFull
    }
}

/// What it says.
impl Deref for StoreFailure {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.said
    }
}

impl PartialEq for StoreFailure {
    fn eq(&self, other: &Self) -> bool {
        (self.0.kind, &self.0.said) == (other.0.kind, &other.0.said)
    }
}

impl Eq for StoreFailure {}

impl fmt::Debug for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.said, f)
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.said)
    }
}

impl Error for StoreFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<String> for StoreFailure {
    fn from(said: String) -> Self {
        Self::new(said)
    }
}

impl From<&str> for StoreFailure {
    fn from(said: &str) -> Self {
        Self::new(said)
    }
}

impl From<io::Error> for StoreFailure {
    fn from(error: io::Error) -> Self {
        let kind = Self::kind_of(&error);
        Self::caused_by(error.to_string(), kind, error)
    }
}
