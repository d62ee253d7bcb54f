//! Creates single files and identifies them.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// The path with `suffix` appended to its file name, for a companion of the file.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Creates a file that only its owner can read and write, whatever the umask.
///
/// # Errors
///
/// Returns the system's error, also when the file exists.
pub fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    make_private(&file)?;
    Ok(file)
}

fn make_private(file: &File) -> io::Result<()> {
    match file.set_permissions(Permissions::from_mode(0o600)) {
        // A file system without modes, such as a memory stick's: its mount options decide who may read.
        Err(error) if is_unsupported(&error) => Ok(()),
        set => set,
    }
}

/// Whether the error says that the file system does not support the operation.
pub fn is_unsupported(error: &io::Error) -> bool {
    let unsupported = [Errno::PERM, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP, Errno::INVAL];
    error.raw_os_error().is_some_and(|raw| unsupported.iter().any(|errno| errno.raw_os_error() == raw))
}

/// A file's device and inode: equal for all paths that lead to the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The id in this metadata.
    pub fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }

    /// The id of the file at a path; `None` if there is no file.
    ///
    /// # Errors
    ///
    /// Returns the system's error if the path cannot be examined.
    pub fn at(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(found) => Ok(Some(Self::of(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The inode number.
    pub fn inode(self) -> u64 {
        self.inode
    }
}
