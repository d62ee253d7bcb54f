//! Companion files, which stand beside the file while it is open.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;

use crate::engine::disk::create_private;
pub(super) use crate::engine::disk::with_suffix as companion;
pub(super) use crate::engine::store::companion_names::{END, HANDLERS, SHM, WAL, ending_of_companion};

/// Companions that SQLite and a store may leave beside an unfinished file.
pub(super) const OF_UNFINISHED: &[&str] = &[WAL, SHM, END, "-journal"];

/// The companions of an open file.
pub(super) const ALL: [&str; 4] = [WAL, SHM, END, HANDLERS];

/// Returns the first companion that is not writable, and why. SQLite would only say that it cannot open the file.
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

/// The path of the file that a companion belongs to.
pub(super) fn without_suffix(companion: &Path, suffix: &str) -> PathBuf {
    let name = companion.as_os_str().as_bytes();
    PathBuf::from(OsStr::from_bytes(name.strip_suffix(suffix.as_bytes()).unwrap_or(name)))
}

/// Opens or creates a companion. Returns whether it was created.
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
