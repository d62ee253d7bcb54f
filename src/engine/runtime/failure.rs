//! Failures of the system or the store.

use std::error::Error;
use std::ops::Deref;
use std::sync::Arc;
use std::{fmt, io};

/// A failure of the system or the store: a message, a kind, and the underlying error if there is one.
///
/// The underlying error is the [`source`](Error::source): an [`io::Error`], or an error of SQLite. Failures are equal if kind
/// and message are. Cheap to clone.
#[derive(Clone)]
pub struct StoreFailure(Arc<Inner>);

struct Inner {
    message: String,
    kind: StoreFailureKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of a failure, as far as callers may want to handle it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFailureKind {
    /// The disk is full, or the user's quota is used up.
    DiskFull,
    /// Stored data is damaged.
    Damaged,
    /// Anything else.
    Other,
}

impl StoreFailure {
    /// A failure of the kind [`Other`](StoreFailureKind::Other).
    pub fn new(message: impl Into<String>) -> Self {
        Self::of_kind(message, StoreFailureKind::Other)
    }

    /// A failure of a kind.
    pub fn of_kind(message: impl Into<String>, kind: StoreFailureKind) -> Self {
        Self(Arc::new(Inner { message: message.into(), kind, source: None }))
    }

    /// A failure with its underlying error.
    pub fn caused_by(
        message: impl Into<String>,
        kind: StoreFailureKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner { message: message.into(), kind, source: Some(source.into()) }))
    }

    /// The kind of a system error.
    pub(crate) fn kind_of(error: &io::Error) -> StoreFailureKind {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                StoreFailureKind::DiskFull
            }
            _ => StoreFailureKind::Other,
        }
    }

    /// The failure's kind.
    pub fn kind(&self) -> StoreFailureKind {
        self.0.kind
    }

    /// Whether the kind is [`DiskFull`](StoreFailureKind::DiskFull).
    pub fn is_disk_full(&self) -> bool {
        self.kind() == StoreFailureKind::DiskFull
    }
}

/// The message.
impl Deref for StoreFailure {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.message
    }
}

impl PartialEq for StoreFailure {
    fn eq(&self, other: &Self) -> bool {
        (self.0.kind, &self.0.message) == (other.0.kind, &other.0.message)
    }
}

impl Eq for StoreFailure {}

impl fmt::Debug for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.message, f)
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for StoreFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<String> for StoreFailure {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for StoreFailure {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<io::Error> for StoreFailure {
    fn from(error: io::Error) -> Self {
        let kind = Self::kind_of(&error);
        Self::caused_by(error.to_string(), kind, error)
    }
}
