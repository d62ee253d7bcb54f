//! The files that this process has open.
//!
//! When a process closes a file, POSIX lets go of all the locks it has on that file, also of those that SQLite holds by
//! another descriptor. Without them, another program that closes the file may remove the write-ahead log that is
//! written here. What is open here is therefore never opened and closed beside SQLite.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use foldhash::fast::RandomState;

/// A file's device and number: the same by whatever path it is reached. And when it was made, where the system knows: a
/// number is given to another file as soon as the last one closes a file that was removed.
type Identity = (u64, u64, Option<SystemTime>);

type Counts = HashMap<Identity, usize, RandomState>;

/// How often each file is open.
static OPEN: LazyLock<Mutex<Counts>> = LazyLock::new(Mutex::default);

/// A file that is open here for as long as this lives: longer than every connection to it.
#[derive(Debug)]
pub(super) struct OpenHere {
    identity: Identity,
}

impl OpenHere {
    /// Lets somebody look at the file first who opens and closes it, unless it is open here: then somebody has.
    pub(super) fn after<X>(file: &Metadata, look: impl FnOnce() -> Result<(), X>) -> Result<Self, X> {
        let identity = identity(file);
        let mut open = lock();
        if !open.contains_key(&identity) {
            look()?;
        }
        *open.entry(identity).or_default() += 1;
        Ok(Self { identity })
    }
}

impl Drop for OpenHere {
    fn drop(&mut self) {
        let mut open = lock();
        match open.get_mut(&self.identity) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&self.identity)),
        }
    }
}

/// Whether a store of this process is in this file. Then nobody but SQLite may open it, even to read.
pub fn is_open_here(file: &Metadata) -> bool {
    lock().contains_key(&identity(file))
}

fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino(), file.created().ok())
}

fn lock() -> MutexGuard<'static, Counts> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
