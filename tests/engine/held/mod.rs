//! The resources this process holds: open files in a folder, and threads of stores.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::callers::HANG;

/// The files in a folder that this process has open, one entry per descriptor.
pub(crate) fn open_in(folder: &Path) -> Vec<PathBuf> {
    let folder = folder.canonicalize().unwrap();
    let descriptors = fs::read_dir("/proc/self/fd").unwrap();
    // One descriptor belongs to this listing itself; others may close meanwhile.
    let files = descriptors.filter_map(|descriptor| fs::read_link(descriptor.ok()?.path()).ok());
    files.filter(|file| file.starts_with(&folder)).collect()
}

/// The number of store threads in this process.
pub(crate) fn store_threads() -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let names = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("event store")).count()
}

/// Waits until a condition holds that other threads bring about.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < HANG, "{what}: not yet");
        std::thread::yield_now();
    }
}

/// Runs an ignored test in its own process, where no other test starts threads.
pub(crate) fn alone(test: &str) {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    let ended = process.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    let complained = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}\n{complained}");
}
