//! Why a file was not loaded.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::report::Loaded;
use crate::bank::Unavailable;
use crate::engine::runtime::StoreFailure;

/// Why a file was not loaded, or not to its end.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LoadError {
    /// The file cannot be read. Nothing was booked.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        reason: StoreFailure,
    },
    /// The file has a mistake. Nothing was booked.
    #[error("{}:{mistake}", path.display())]
    Mistake {
        /// The file.
        path: PathBuf,
        /// The first one.
        mistake: Mistake,
    },
    /// The bank became unavailable midway. Loading the file again books the rest.
    #[error("after {} row{}: {reason}", loaded.rows, if loaded.rows == 1 { "" } else { "s" })]
    Stopped {
        /// What was done until then.
        loaded: Box<Loaded>,
        /// Why it stopped.
        reason: Unavailable,
    },
    /// The bank is unavailable. Nothing was booked.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// A mistake in a file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{line}: {}{problem}", of_column(.column.as_deref()))]
pub struct Mistake {
    /// The line at which the row begins, from 1.
    pub line: u64,
    /// The column, if it is one's, as the file names it.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: String,
}

fn of_column(column: Option<&str>) -> String {
    column.map_or_else(String::new, |column| format!("{column}: "))
}

impl Mistake {
    pub(super) fn new(line: u64, problem: impl Into<String>) -> Self {
        Self { line, column: None, problem: problem.into() }
    }

    pub(super) fn in_column(line: u64, column: &str, problem: impl Into<String>) -> Self {
        Self { line, column: Some(column.to_owned()), problem: problem.into() }
    }
}

/// Why a file cannot be read to its end.
#[derive(Debug)]
pub(super) enum Unreadable {
    File(io::Error),
    Mistake(Mistake),
    /// A mistake in a field of the row at a line.
    Field {
        line: u64,
        /// From 0.
        field: usize,
        problem: &'static str,
    },
}

impl From<Mistake> for Unreadable {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl Unreadable {
    /// The error about the file at `path`.
    pub(super) fn of(self, path: &Path) -> LoadError {
        let path = path.to_owned();
        match self {
            Self::File(error) => LoadError::File { path, reason: error.into() },
            Self::Mistake(mistake) => LoadError::Mistake { path, mistake },
            Self::Field { line, field, problem } => {
                let mistake = Mistake::new(line, format!("field {}: {problem}", field + 1));
                LoadError::Mistake { path, mistake }
            }
        }
    }
}
