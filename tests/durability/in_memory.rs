//! Files that no disk is waited for.

use std::path::Path;

use tempfile::TempDir;

/// So much room is enough for all tests that ask for it, and in many a container there is less.
const ENOUGH: u64 = 1 << 30;

/// A directory in memory, if the system has one. A program that is killed leaves the same there as on a disk, since the
/// system goes on, and what a test damages itself or cuts off is the same there too.
pub(crate) fn directory_in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    match rustix::fs::statvfs(memory) {
        Ok(room) if room.f_bavail.saturating_mul(room.f_frsize) >= ENOUGH => tempfile::tempdir_in(memory),
        _ => tempfile::tempdir(),
    }
    .unwrap()
}
