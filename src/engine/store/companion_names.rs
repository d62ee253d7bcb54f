//! The names of what stands beside a file while it is open, which no other file may have.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// SQLite's write-ahead log.
pub(in crate::engine::store) const WAL: &str = "-wal";

/// SQLite's index of the write-ahead log, shared by all programs that have the file open.
pub(in crate::engine::store) const SHM: &str = "-shm";

/// Knows how far the log was acknowledged, and is locked by whoever commits, opens or closes.
pub(in crate::engine::store) const END: &str = "-end";

/// Locked by the program whose handlers have effects outside.
pub(in crate::engine::store) const HANDLERS: &str = "-handlers";

/// The ending of a name that only a companion has. A file of such a name would be taken for one beside another file.
pub(crate) fn ending_of_companion(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.as_bytes();
    let is_ending = |suffix: &&str| name.len() > suffix.len() && name.ends_with(suffix.as_bytes());
    [WAL, SHM, END, HANDLERS, "-journal"].into_iter().find(is_ending)
}
