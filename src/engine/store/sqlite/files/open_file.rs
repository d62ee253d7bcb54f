//! Tracks the files that this process has open.
//!
//! When a process closes any descriptor of a file, POSIX releases all its locks on that file, including SQLite's.
//! Without these, another program that closes the file might remove the write-ahead log in use here. So an open file is
//! never opened and closed separately from SQLite.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use foldhash::fast::RandomState;

use super::foreign_lock::lock_of_another_process;

/// A file's device and inode, which are the same for every path, and its creation time, if the system knows it: the
/// inode of a removed file is reused once its last descriptor is closed.
type Identity = (u64, u64, Option<SystemTime>);

#[derive(Debug)]
struct Open {
    /// The path under which it was first opened; companions are named after it.
    path: PathBuf,
    /// The number of references.
    count: usize,
    /// A descriptor for lock queries.
    file: File,
    /// Further descriptors, which must stay open as long as the file, for the same reason.
    further: Vec<File>,
}

/// All open files.
static OPEN: LazyLock<Mutex<HashMap<Identity, Open, RandomState>>> = LazyLock::new(Mutex::default);

/// A reference to an open file, which must outlive every connection to it.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct OpenFile {
    identity: Identity,
}

impl OpenFile {
    /// Opens a file and checks it with `look`, unless this process has it open and checked already. Returns the path
    /// under which it was first opened.
    ///
    /// The identity is that of the opened descriptor: opening for writing can create another file, for instance on an
    /// overlay file system.
    pub(in crate::engine::store::sqlite) fn open<X>(
        path: &Path,
        open: impl FnOnce() -> Result<File, X>,
        look: impl FnOnce(&File) -> Result<(), X>,
        failed: impl Fn(std::io::Error) -> X,
    ) -> Result<(Self, PathBuf), X> {
        let mut files = lock();
        let found = identity(&std::fs::metadata(path).map_err(&failed)?);
        if let Some(known) = files.get_mut(&found) {
            known.count += 1;
            return Ok((Self { identity: found }, known.path.clone()));
        }
        let file = open()?;
        let identity = identity(&file.metadata().map_err(&failed)?);
        if let Some(known) = files.get_mut(&identity) {
            known.count += 1;
            known.further.push(file);
            return Ok((Self { identity }, known.path.clone()));
        }
        look(&file)?;
        files.insert(identity, Open { path: path.to_owned(), count: 1, file, further: Vec::new() });
        Ok((Self { identity }, path.to_owned()))
    }

    pub(in crate::engine::store::sqlite) fn presence(&self) -> Presence {
        Presence { identity: self.identity }
    }

    /// Whether the path still leads to the file.
    pub(in crate::engine::store::sqlite) fn is_at(&self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (self.identity.0, self.identity.1))
    }
}

/// Queries who else has an open file open, without keeping it open.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::store::sqlite) struct Presence {
    identity: Identity,
}

impl Presence {
    /// Whether no one else has the file open: no other program, and no other store in this one. Returns `false` if that
    /// cannot be decided at once.
    pub(in crate::engine::store::sqlite) fn is_alone(self) -> bool {
        OPEN.try_lock().is_ok_and(|files| self.is_alone_among(&files))
    }

    /// Whether no one else has the file open, as [`Presence::is_alone`] says, even if the answer takes a moment.
    pub(in crate::engine::store::sqlite) fn is_certainly_alone(self) -> bool {
        self.is_alone_among(&lock())
    }

    fn is_alone_among(self, files: &HashMap<Identity, Open, RandomState>) -> bool {
        let open = files.get(&self.identity);
        open.is_some_and(|open| open.count == 1 && matches!(lock_of_another_process(&open.file), Ok(None)))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let mut open = lock();
        match open.get_mut(&self.identity) {
            Some(file) if file.count > 1 => file.count -= 1,
            _ => drop(open.remove(&self.identity)),
        }
    }
}

/// Whether a store in this process has the file open. If so, only SQLite may open it, even to read.
pub(crate) fn is_open_here(file: &Metadata) -> bool {
    lock().contains_key(&identity(file))
}

fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino(), file.created().ok())
}

fn lock() -> MutexGuard<'static, HashMap<Identity, Open, RandomState>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
