//! Companion files, which stand beside the file while it is open.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

pub(in crate::engine::store::sqlite) use crate::engine::disk::with_suffix as companion;
use crate::engine::disk::{Trusted, create_private, open_own};
pub(in crate::engine::store::sqlite) use crate::engine::store::companion_names::{
    END, HANDLERS, JOURNAL, SHM, WAL, ending_of_companion,
};

/// Companions that SQLite and a store may leave beside an unfinished file.
pub(in crate::engine::store::sqlite) const OF_UNFINISHED: &[&str] = &[WAL, SHM, END, JOURNAL];

/// The companions of an open file.
pub(in crate::engine::store::sqlite) const ALL: [&str; 4] = [WAL, SHM, END, HANDLERS];

/// Returns the first companion that is not trusted or not writable, and why. SQLite would use one that is not trusted,
/// even a rollback journal, and would not name one that is not writable.
pub(in crate::engine::store::sqlite) fn check_usable(path: &Path) -> Result<(), (PathBuf, io::Error)> {
    let trusted = Trusted::beside(path).map_err(|error| (path.to_owned(), error))?;
    for suffix in ALL.into_iter().chain([JOURNAL]) {
        let companion = companion(path, suffix);
        let checked = fs::symlink_metadata(&companion).and_then(|found| {
            trusted.check(&found)?;
            Ok(rustix::fs::access(&companion, Access::READ_OK | Access::WRITE_OK)?)
        });
        match checked {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err((companion, error)),
            _ => {}
        }
    }
    Ok(())
}

/// The path of the file that a companion belongs to.
pub(in crate::engine::store::sqlite) fn without_suffix(companion: &Path, suffix: &str) -> PathBuf {
    let name = companion.as_os_str().as_bytes();
    PathBuf::from(OsStr::from_bytes(name.strip_suffix(suffix.as_bytes()).unwrap_or(name)))
}

/// Opens a companion of the file at `of`, or creates it. Returns whether it was created.
pub(in crate::engine::store::sqlite) fn open_or_create(path: &Path, of: &Path) -> io::Result<(File, bool)> {
    let trusted = Trusted::beside(of)?;
    loop {
        match open_own(path, OpenOptions::new().read(true).write(true), trusted) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened.map(|file| (file, false)),
        }
        match create_private(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|file| (file, true)),
        }
    }
}
