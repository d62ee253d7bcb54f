//! What stands beside the file while it is open.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;

/// SQLite's write-ahead log.
pub(super) const WAL: &str = "-wal";

/// SQLite's index of the write-ahead log, shared by all programs that have the file open.
pub(super) const SHM: &str = "-shm";

/// Knows how far the log was acknowledged, and is locked by whoever commits, opens or closes.
pub(super) const END: &str = "-end";

/// Locked by the program whose handlers have effects outside.
pub(super) const HANDLERS: &str = "-handlers";

/// All of them.
pub(super) const ALL: [&str; 4] = [WAL, SHM, END, HANDLERS];

/// A companion's path.
pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
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

/// A new file that nobody else may read, whatever the umask.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    make_private(&file)?;
    Ok(file)
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

fn make_private(file: &File) -> io::Result<()> {
    match file.set_permissions(Permissions::from_mode(0o600)) {
        // A file system without modes, such as that of a memory stick: who may read it is said where it is mounted.
        Err(error) if is_unsupported(&error) => Ok(()),
        set => set,
    }
}

/// Whether the file system has no such thing.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    let unsupported = [Errno::PERM, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP, Errno::INVAL];
    error.raw_os_error().is_some_and(|raw| unsupported.iter().any(|errno| errno.raw_os_error() == raw))
}

/// A file on its device: the same by whatever name it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(super) fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }

    /// The file that stands at a path; `None` if there is none.
    pub(super) fn at(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(found) => Ok(Some(Self::of(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn inode(self) -> u64 {
        self.inode
    }
}
