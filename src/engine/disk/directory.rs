//! Directories, and names that survive a power cut: syncing a file does not sync its name; only syncing its directory
//! does.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustix::io::Errno;

/// Syncs the creation or removal of a name by syncing the directory that contains it.
///
/// # Errors
///
/// Returns the system's error if the directory cannot be synced.
pub fn sync_name(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// The directory that contains, or would contain, the file.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a directory and its missing parents, accessible only to their owner, and syncs their names. Existing
/// directories keep their permissions.
///
/// # Errors
///
/// Returns the system's error if a directory cannot be created or synced.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        create_private_directory(above)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // Another process created it first and may not have synced it yet.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(Errno::NOTDIR.into()),
        created => created?,
    }
    sync_name(path)
}
