//! Names that stay: a file that was synced may still lose its name in a power cut, until its directory was synced too.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustix::io::Errno;

/// Gets the name of a file or directory onto the disk, or that it is gone.
///
/// # Errors
///
/// What the system says when the directory it is in cannot be synced.
pub fn sync_name(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// The directory that a file is in, or would be.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a directory, and those above it, that only their owner may look into; those that are there stay as they are.
/// The names of the new ones are on the disk when this answers.
///
/// # Errors
///
/// What the system says when one of them cannot be made or synced.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        create_private_directory(above)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // Whoever was quicker may not have synced it yet.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(Errno::NOTDIR.into()),
        created => created?,
    }
    sync_name(path)
}
