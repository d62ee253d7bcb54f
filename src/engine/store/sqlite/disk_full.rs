//! Whether a write failed for want of room. SQLite tells that of a full disk, and calls a quota or a limit on the size
//! of files an error of the disk.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rusqlite::ErrorCode;

use super::companions::{OF_UNFINISHED, WAL, companion};
use crate::engine::disk::NewFile;

/// The size of a page, which is what SQLite writes.
const PAGE: usize = 4_096;

/// Whether an error means that there is no room.
pub(super) fn is_why(path: &Path, error: &rusqlite::Error) -> bool {
    is_why_up_to(path, error, 0)
}

/// The same for a file that should have become so long.
pub(super) fn is_why_up_to(path: &Path, error: &rusqlite::Error, length: u64) -> bool {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => true,
        Some(ErrorCode::SystemIoFailure) => is_full(path, length),
        _ => false,
    }
}

/// Whether the system says that there is no room.
pub(super) fn is_room_error(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Tries to write where SQLite could not: as far into a file as this one or its write-ahead log is long, or should be.
fn is_full(path: &Path, should_be: u64) -> bool {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let end = length(&companion(path, WAL)).max(length(path)).max(should_be);
    let tried = NewFile::beside(path, OF_UNFINISHED).and_then(|probe| {
        probe.file().write_all_at(&[1; PAGE], end)?;
        probe.file().sync_all()
    });
    tried.is_err_and(|error| is_room_error(&error))
}
