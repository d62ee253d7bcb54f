//! Finds the process that holds a lock, as far as the system reveals it.

use std::fs;
use std::path::Path;

use super::companions::{END, SHM, companion};
use crate::engine::disk::FileId;

/// The byte of SQLite's `-shm` file that a writer locks.
const WRITE_LOCK: u64 = 120;

/// How often to read the system's list: it is read in pieces, and concurrent changes can hide an entry between two of
/// them.
const LOOKS: usize = 5;

/// Names the programs that hold the locks a writer needs.
pub(in crate::engine::store::sqlite) fn holder(path: &Path) -> String {
    let holders = (0..LOOKS).map(|_| find(path)).find(|found| !found.is_empty());
    match holders.unwrap_or_default().as_slice() {
        [] => "another program".to_owned(),
        [one] => one.clone(),
        several => several.join(", "),
    }
}

fn find(path: &Path) -> Vec<String> {
    let Ok(locks) = fs::read_to_string("/proc/locks") else { return Vec::new() };
    let inode = |suffix| FileId::at(&companion(path, suffix)).ok().flatten().map(FileId::inode);
    let (file, index, end) = (inode(""), inode(SHM), inode(END));
    let own = u64::from(std::process::id());
    let mut pids: Vec<u64> = locks
        .lines()
        .filter_map(Lock::read)
        .filter(|lock| lock.pid != own)
        .filter(|lock| {
            let inode = Some(lock.inode);
            inode == end
                || inode == file && lock.is_exclusive
                || inode == index && lock.is_exclusive && lock.covers(WRITE_LOCK)
        })
        .map(|lock| lock.pid)
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter().map(named).collect()
}

/// A process's id and name.
fn named(pid: u64) -> String {
    match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => format!("process {pid} ({})", name.trim_end()),
        Err(_) => format!("process {pid}"),
    }
}

/// A line of `/proc/locks`: `2: POSIX  ADVISORY  WRITE 1234 fd:00:5678 120 120`.
#[derive(Debug, PartialEq, Eq)]
struct Lock {
    is_exclusive: bool,
    pid: u64,
    inode: u64,
    start: u64,
    end: u64,
}

impl Lock {
    /// Skips lines with an arrow: those processes wait for a lock.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().skip(1);
        if !matches!(words.next()?, "POSIX" | "FLOCK") {
            return None;
        }
        let is_exclusive = words.nth(1)? == "WRITE";
        let pid = words.next()?.parse().ok()?;
        let inode = words.next()?.rsplit(':').next()?.parse().ok()?;
        let start = words.next()?.parse().ok()?;
        let end = words.next()?.parse().unwrap_or(u64::MAX);
        Some(Self { is_exclusive, pid, inode, start, end })
    }

    fn covers(&self, byte: u64) -> bool {
        (self.start..=self.end).contains(&byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_read_as_the_system_writes_them() {
        let read = Lock::read("2: POSIX  ADVISORY  WRITE 1234 fd:00:5678 120 120");
        assert_eq!(read, Some(Lock { is_exclusive: true, pid: 1234, inode: 5678, start: 120, end: 120 }));
        let read = Lock::read("1: FLOCK  ADVISORY  READ 7 08:01:9 0 EOF");
        assert_eq!(read, Some(Lock { is_exclusive: false, pid: 7, inode: 9, start: 0, end: u64::MAX }));
        for line in ["2: -> POSIX  ADVISORY  WRITE 1234 fd:00:5678 0 0", "3: OFDLCK ADVISORY  WRITE -1 08:01:9 0 0", ""]
        {
            assert_eq!(Lock::read(line), None, "{line}");
        }
    }
}
