//! The suffixes of companion files, which stand beside an open file. No other file may use them.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// SQLite's write-ahead log.
pub(in crate::engine::store) const WAL: &str = "-wal";

/// SQLite's index of the write-ahead log, shared by all programs that have the file open.
pub(in crate::engine::store) const SHM: &str = "-shm";

/// Records the last acknowledged position, and is locked to commit, open or close.
pub(in crate::engine::store) const END: &str = "-end";

/// Locked by the program that runs the handlers with external effects.
pub(in crate::engine::store) const HANDLERS: &str = "-handlers";

/// SQLite's rollback journal. No file here has one, but SQLite looks for it whenever it opens a file.
pub(in crate::engine::store) const JOURNAL: &str = "-journal";

/// The reserved ending of a path, if it has one: a file with that name would be taken for another file's companion.
pub(crate) fn ending_of_companion(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.as_bytes();
    let is_ending = |suffix: &&str| name.len() > suffix.len() && name.ends_with(suffix.as_bytes());
    [WAL, SHM, END, HANDLERS, JOURNAL].into_iter().find(is_ending)
}
