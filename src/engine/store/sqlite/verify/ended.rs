//! Why a verification ended early.

use crate::engine::store::sqlite::file_error::FileError;

/// Why a verification ended early.
pub(in crate::engine::store::sqlite) enum Ended {
    Broken { position: Option<u64>, problem: String },
    Unwanted,
}

impl From<FileError> for Ended {
    fn from(error: FileError) -> Self {
        // The position is told besides.
        let (position, problem) = match error {
            FileError::Damaged { position, what } => (Some(position), what.to_owned()),
            FileError::Unreadable { position, error } => (Some(position), format!("the event is {error}")),
            FileError::Sqlite(_)
            | FileError::DamagedRecord(_)
            | FileError::EndUnwritten(_)
            | FileError::OfLog(_)
            | FileError::Panicked(_) => (None, error.to_string()),
        };
        Self::Broken { position, problem }
    }
}

impl From<rusqlite::Error> for Ended {
    fn from(error: rusqlite::Error) -> Self {
        FileError::from(error).into()
    }
}

pub(in crate::engine::store::sqlite) fn broken<T>(
    position: impl Into<Option<u64>>,
    problem: impl Into<String>,
) -> Result<T, Ended> {
    Err(Ended::Broken { position: position.into(), problem: problem.into() })
}
