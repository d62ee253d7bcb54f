//! Recognizes writes that failed because the disk is full. SQLite reports a full disk as such, but an exceeded quota or
//! file size limit as an I/O error.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rusqlite::ErrorCode;

use super::companions::{OF_UNFINISHED, WAL, companion};
use crate::engine::disk::NewFile;

/// The size of an SQLite page.
const PAGE: usize = 4_096;

/// Whether an error means that the disk is full.
pub(in crate::engine::store::sqlite) fn is_cause(path: &Path, error: &rusqlite::Error) -> bool {
    is_cause_at_length(path, error, 0)
}

/// Like [`is_cause`], for a file that should have reached `length`.
pub(in crate::engine::store::sqlite) fn is_cause_at_length(path: &Path, error: &rusqlite::Error, length: u64) -> bool {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => true,
        Some(ErrorCode::SystemIoFailure) => is_full(path, length),
        _ => false,
    }
}

/// Whether the system's error means that the disk is full.
pub(in crate::engine::store::sqlite) fn is_out_of_space(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Tries the write that failed for SQLite: at the offset where this file or its write-ahead log ends, or should end.
fn is_full(path: &Path, should_be: u64) -> bool {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let end = length(&companion(path, WAL)).max(length(path)).max(should_be);
    let tried = NewFile::beside(path, OF_UNFINISHED).and_then(|probe| {
        probe.file().write_all_at(&[1; PAGE], end)?;
        probe.file().sync_all()
    });
    tried.is_err_and(|error| is_out_of_space(&error))
}
