//! Finds other programs that have the file open, by the lock that SQLite holds while it does. The lock ends with the
//! program.

use std::fs::File;
use std::io;

use rustix::process::{Flock, FlockOffsetType, FlockType, fcntl_getlk};

/// The bytes that SQLite locks in an open file in write-ahead mode, in order to recognize the last program that closes
/// it.
const SHARED_FIRST: u64 = 0x4000_0002;
const SHARED_SIZE: u64 = 510;

/// A lock of another process, or `None`. Locks of this process do not count. The descriptor must not be closed while
/// SQLite has the file open in this process.
pub(in crate::engine::store::sqlite) fn lock_of_another_process(file: &File) -> io::Result<Option<Flock>> {
    let (start, length) = (SHARED_FIRST, SHARED_SIZE);
    let lock = Flock { start, length, pid: None, typ: FlockType::WriteLock, offset_type: FlockOffsetType::Set };
    Ok(fcntl_getlk(file, &lock)?)
}
