//! What stands beside the file while it is open.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;

use crate::engine::disk::create_private;
pub(super) use crate::engine::disk::with_suffix as companion;

/// SQLite's write-ahead log.
pub(super) const WAL: &str = "-wal";

/// SQLite's index of the write-ahead log, shared by all programs that have the file open.
pub(super) const SHM: &str = "-shm";

/// Knows how far the log was acknowledged, and is locked by whoever commits, opens or closes.
pub(super) const END: &str = "-end";

/// Locked by the program whose handlers have effects outside.
pub(super) const HANDLERS: &str = "-handlers";

/// What SQLite and a store may leave beside a file that is being made.
pub(super) const OF_UNFINISHED: &[&str] = &[WAL, SHM, END, "-journal"];

/// All of them.
pub(super) const ALL: [&str; 4] = [WAL, SHM, END, HANDLERS];

/// The ending of a name that only a companion has. A file of such a name would be taken for one beside another file.
pub fn ending_of_companion(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.as_bytes();
    let is_ending = |suffix: &&str| name.len() > suffix.len() && name.ends_with(suffix.as_bytes());
    [WAL, SHM, END, HANDLERS, "-journal"].into_iter().find(is_ending)
}

/// The first companion that cannot be written, and why. SQLite would only say that it cannot open the file.
pub(super) fn check_writable(path: &Path) -> Result<(), (PathBuf, io::Error)> {
    for suffix in ALL {
        let companion = companion(path, suffix);
        match rustix::fs::access(&companion, Access::READ_OK | Access::WRITE_OK) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err((companion, error.into())),
        }
    }
    Ok(())
}

/// The file that a companion with this suffix stands beside.
pub(super) fn without_suffix(companion: &Path, suffix: &str) -> PathBuf {
    let name = companion.as_os_str().as_bytes();
    PathBuf::from(OsStr::from_bytes(name.strip_suffix(suffix.as_bytes()).unwrap_or(name)))
}

/// Opens a companion, or makes it. Answers whether it was made.
pub(super) fn open_or_create(path: &Path) -> io::Result<(File, bool)> {
    loop {
        match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened.map(|file| (file, false)),
        }
        match create_private(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|file| (file, true)),
        }
    }
}
