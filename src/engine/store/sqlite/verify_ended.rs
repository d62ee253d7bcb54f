//! Why a verification ended early.

use super::file_error::FileError;

/// Why a verification ended early.
pub(super) enum Ended {
    Broken { position: Option<u64>, problem: String },
    Unwanted,
}

impl From<FileError> for Ended {
    fn from(error: FileError) -> Self {
        let position = match error {
            FileError::Damaged { position, .. } | FileError::Unreadable { position, .. } => Some(position),
            FileError::Sqlite(_)
            | FileError::DamagedRecord(_)
            | FileError::EndUnwritten(_)
            | FileError::Panicked(_) => None,
        };
        Self::Broken { position, problem: error.to_string() }
    }
}

impl From<rusqlite::Error> for Ended {
    fn from(error: rusqlite::Error) -> Self {
        FileError::from(error).into()
    }
}

pub(super) fn broken<T>(position: impl Into<Option<u64>>, problem: impl Into<String>) -> Result<T, Ended> {
    Err(Ended::Broken { position: position.into(), problem: problem.into() })
}
