//! The files that this process has open.
//!
//! When a process closes a file, POSIX lets go of all the locks it has on that file, also of those that SQLite holds by
//! another descriptor. Without them, another program that closes the file may remove the write-ahead log that is
//! written here. What is open here is therefore never opened and closed beside SQLite.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use foldhash::fast::RandomState;

use super::others::lock_of_another;

/// A file's device and number: the same by whatever path it is reached. And when it was made, where the system knows: a
/// number is given to another file as soon as the last one closes a file that was removed.
type Identity = (u64, u64, Option<SystemTime>);

#[derive(Debug)]
struct Open {
    /// By which name: its companions are named after that.
    path: PathBuf,
    /// How often.
    count: usize,
    /// A descriptor to ask the system by.
    file: File,
    /// More of them, which must not be closed before the file is, as the first must not.
    kept: Vec<File>,
}

/// Each file that is open.
static OPEN: LazyLock<Mutex<HashMap<Identity, Open, RandomState>>> = LazyLock::new(Mutex::default);

/// A file that is open here for as long as this lives: longer than every connection to it.
#[derive(Debug)]
pub(super) struct OpenHere {
    identity: Identity,
}

impl OpenHere {
    /// Opens a file and lets somebody look at it, unless it is open here: then somebody has. Answers the name by which it
    /// was opened first.
    ///
    /// The file that counts is the one that was opened: to open it for writing can make it another one, on an overlay
    /// for instance.
    pub(super) fn after<X>(
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
            known.kept.push(file);
            return Ok((Self { identity }, known.path.clone()));
        }
        look(&file)?;
        files.insert(identity, Open { path: path.to_owned(), count: 1, file, kept: Vec::new() });
        Ok((Self { identity }, path.to_owned()))
    }

    pub(super) fn presence(&self) -> Presence {
        Presence { identity: self.identity }
    }

    /// Whether the file still stands at a path.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (self.identity.0, self.identity.1))
    }
}

/// By this it is asked who else has a file open that is open here, without keeping it open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presence {
    identity: Identity,
}

impl Presence {
    /// Whether nobody else has the file open: no other program, and nobody else in this one. Where that cannot be found
    /// out at once, somebody may have.
    pub(super) fn is_alone(self) -> bool {
        let Ok(files) = OPEN.try_lock() else { return false };
        let open = files.get(&self.identity);
        open.is_some_and(|open| open.count == 1 && matches!(lock_of_another(&open.file), Ok(None)))
    }
}

impl Drop for OpenHere {
    fn drop(&mut self) {
        let mut open = lock();
        match open.get_mut(&self.identity) {
            Some(file) if file.count > 1 => file.count -= 1,
            _ => drop(open.remove(&self.identity)),
        }
    }
}

/// Whether a store of this process is in this file. Then nobody but SQLite may open it, even to read.
pub(crate) fn is_open_here(file: &Metadata) -> bool {
    lock().contains_key(&identity(file))
}

fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino(), file.created().ok())
}

fn lock() -> MutexGuard<'static, HashMap<Identity, Open, RandomState>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
