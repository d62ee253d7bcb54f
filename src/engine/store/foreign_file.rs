//! Opening a file that somebody else may have written, for reading it as a whole.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use crate::engine::disk::open_regular;
#[cfg(feature = "sqlite")]
use crate::engine::store::sqlite::is_open_here;

/// Opens a regular file for reading, unless it is a store that this process has open. `domain` names such a store.
///
/// # Errors
///
/// Returns the system's error, or why the file is not read.
pub(crate) fn open_for_reading(path: &Path, domain: &str) -> io::Result<File> {
    let found = fs::metadata(path)?;
    if found.file_type().is_fifo() {
        return Err(io::Error::other("it is a pipe, and only a file can be read to its end first: write it to a file"));
    }
    // Before it is opened: closing it would release the locks of the open store.
    if is_open_here(&found) {
        return Err(io::Error::other(format!("this is an open {domain}, and not the log of one")));
    }
    open_regular(path)
}

/// Without the feature `sqlite`, no file is a store.
#[cfg(not(feature = "sqlite"))]
fn is_open_here(_: &fs::Metadata) -> bool {
    false
}
