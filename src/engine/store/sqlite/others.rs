//! Whether another program has the file open, as SQLite's own lock says: whoever has it open holds that, and it ends
//! with the program.

use std::fs::File;
use std::io;

use rustix::process::{Flock, FlockOffsetType, FlockType, fcntl_getlk};

/// The bytes of a file that SQLite has locked for as long as it has the file open in the write-ahead mode: the last one
/// to close it is known by them.
const SHARED_FIRST: u64 = 0x4000_0002;
const SHARED_SIZE: u64 = 510;

/// The lock of one of the others; `None` where there are none. What this process has open does not count. To be asked
/// of a descriptor that is not closed while SQLite has the file open here.
pub(super) fn lock_of_another(file: &File) -> io::Result<Option<Flock>> {
    let (start, length) = (SHARED_FIRST, SHARED_SIZE);
    let lock = Flock { start, length, pid: None, typ: FlockType::WriteLock, offset_type: FlockOffsetType::Set };
    Ok(fcntl_getlk(file, &lock)?)
}
