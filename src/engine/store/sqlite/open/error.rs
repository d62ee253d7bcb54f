//! Converts errors of SQLite and the system into errors of opening a file.

use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::OpenStoreError;
use crate::engine::store::sqlite::files::disk_full;
use crate::engine::store::sqlite::files::lock_holder::holder;

/// The ending of refusals that the caller can override.
pub(in crate::engine::store::sqlite) const ONLY_ACCEPTED: &str = "; only `accept_loss: true` opens it as it is";

pub(in crate::engine::store::sqlite) fn damaged(path: &Path, reason: String) -> OpenStoreError {
    OpenStoreError::Damaged { path: path.into(), reason: StoreFailure::of_kind(reason, StoreFailureKind::Damaged) }
}

pub(in crate::engine::store::sqlite) fn refused(path: &Path, error: io::Error) -> OpenStoreError {
    let path = path.into();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            OpenStoreError::ReadOnly { path, reason: error.into() }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            OpenStoreError::DiskFull { path }
        }
        _ => OpenStoreError::Failed { path, reason: error.into() },
    }
}

pub(in crate::engine::store::sqlite) fn sqlite(path: &Path, error: rusqlite::Error) -> OpenStoreError {
    if let Some(error) = too_many_open(&error) {
        return OpenStoreError::Failed { path: path.into(), reason: error.into() };
    }
    let is_full = disk_full::is_cause(path, &error);
    let (code, is_about_shared_memory) = (error.sqlite_error_code(), is_about_shared_memory(&error));
    let reason = |kind| StoreFailure::caused_by(format!("SQLite: {error}"), kind, error);
    let path = path.into();
    match code {
        Some(_) if is_about_shared_memory => OpenStoreError::NotSupported { path, what: NO_SHARED_MEMORY },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenStoreError::Damaged { path, reason: reason(StoreFailureKind::Damaged) }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let holder = holder(&path);
            OpenStoreError::Busy { path, holder }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            OpenStoreError::ReadOnly { path, reason: reason(StoreFailureKind::Other) }
        }
        Some(_) if is_full => OpenStoreError::DiskFull { path },
        Some(_) => OpenStoreError::Failed { path, reason: reason(StoreFailureKind::Other) },
        // A column with an unexpected type.
        None => OpenStoreError::Damaged { path, reason: reason(StoreFailureKind::Damaged) },
    }
}

const NO_SHARED_MEMORY: &str =
    "programs cannot share memory through a file on it, which they need in order to take turns";

fn is_about_shared_memory(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP, SQLITE_IOERR_SHMOPEN};
    let code = error.sqlite_error().map(|error| error.extended_code);
    code.is_some_and(|code| [SQLITE_IOERR_SHMOPEN, SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP].contains(&code))
}

/// SQLite does not say why it cannot open a file. It needs several descriptors: if the system refuses that many, that
/// is why.
pub(in crate::engine::store::sqlite) fn too_many_open(error: &rusqlite::Error) -> Option<io::Error> {
    const OPENED: usize = 4;
    let cannot_open = error.sqlite_error_code() == Some(ErrorCode::CannotOpen);
    let opened: Vec<_> = (0..OPENED).filter(|_| cannot_open).map(|_| File::open("/dev/null")).collect();
    opened.into_iter().find_map(Result::err)
}
