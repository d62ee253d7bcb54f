//! The `-end` companion file, which records the end of the log while the file is open.
//!
//! SQLite silently drops the rest of a damaged write-ahead log, and an old copy of the file looks as good as the
//! newest. So the highest acknowledged position and its hash are recorded in a separate file, after each commit and
//! before its callers are answered. The record is not synced: after a power cut it may be behind the log, but never
//! ahead of it.
//!
//! Programs that share the file take turns by locking this one: to commit, to open and to close. When the last program
//! closes the file, it moves the end into the file itself and removes this one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::companions::{END, open_or_create, without_suffix};
use super::long_wait::LongWait;
use crate::engine::disk::{FileId, Trusted, is_unsupported, open_own, sync_name};
use crate::engine::log::hex;
use crate::engine::store::hash_chain::{GENESIS, Hash};

pub(in crate::engine::store::sqlite) const LENGTH: usize = 125;

/// Where a log ends: the last event's position and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) struct End {
    pub(in crate::engine::store::sqlite) position: u64,
    pub(in crate::engine::store::sqlite) hash: Hash,
}

impl End {
    pub(in crate::engine::store::sqlite) const EMPTY: Self = Self { position: 0, hash: GENESIS };

    pub(in crate::engine::store::sqlite) fn to_text(self) -> String {
        let mut text = format!("position {:020}\nsha256 {}\n", self.position, hex(&self.hash));
        let check = check(&text);
        text.push_str(&check);
        text
    }

    /// Parses exactly the output of `to_text`.
    pub(in crate::engine::store::sqlite) fn from_text(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let position = text.strip_prefix("position ")?.get(..20)?.parse().ok()?;
        let digits = text.lines().nth(1)?.strip_prefix("sha256 ")?;
        let mut hash = GENESIS;
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        let end = Self { position, hash };
        (end.to_text() == text).then_some(end)
    }
}

fn check(text: &str) -> String {
    let digest: Hash = Sha256::digest(text.as_bytes()).into();
    format!("check {}\n", &hex(&digest)[..16])
}

/// The content of the `-end` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) enum RecordedEnd {
    /// The file is new or missing.
    Empty,
    /// Everything up to this end is acknowledged.
    UpTo(End),
    /// The content is not what this program writes.
    Damaged,
}

/// The open `-end` file.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct EndFile {
    path: PathBuf,
    file: File,
    id: FileId,
    /// Whether it replaces a file that was removed or replaced, and does not record the end yet.
    is_replacement: bool,
}

/// Why the `-end` file could not be locked.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) enum LockError {
    /// Another program held the lock for too long.
    Held,
    /// The system returned an error.
    Io(io::Error),
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The time at which retries end.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::store::sqlite) struct Deadline(Instant);

impl Deadline {
    pub(in crate::engine::store::sqlite) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    pub(in crate::engine::store::sqlite) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

impl EndFile {
    /// Opens the file, or creates it and syncs its name. If names cannot be synced, the error is
    /// [`io::ErrorKind::Unsupported`] and no file remains.
    pub(in crate::engine::store::sqlite) fn open(path: PathBuf) -> io::Result<Self> {
        let (file, made) = open_or_create(&path, &without_suffix(&path, END))?;
        let id = FileId::of(&file.metadata()?);
        if made && let Err(error) = sync_name(&path) {
            // A file that cannot be removed is empty, and does no harm.
            let _ = std::fs::remove_file(&path);
            return Err(if is_unsupported(&error) { io::ErrorKind::Unsupported.into() } else { error });
        }
        Ok(Self { path, file, id, is_replacement: false })
    }

    /// Reads the file at a path, which may be missing.
    pub(in crate::engine::store::sqlite) fn read_at(path: &Path) -> io::Result<RecordedEnd> {
        let trusted = Trusted::beside(&without_suffix(path, END))?;
        match open_own(path, OpenOptions::new().read(true), trusted) {
            Ok(file) => read(&file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(RecordedEnd::Empty),
            Err(error) => Err(error),
        }
    }

    /// Another descriptor of the file, for readers.
    pub(in crate::engine::store::sqlite) fn share(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Keeps all other programs from committing, opening and closing. The lock counts only on the file at the path: if
    /// that was removed or replaced, this creates or opens the new one and locks it instead.
    pub(in crate::engine::store::sqlite) fn lock(&mut self, deadline: Deadline) -> Result<(), LockError> {
        loop {
            wait_for(&self.file, &self.path, deadline)?;
            if FileId::at(&self.path)? == Some(self.id) {
                return Ok(());
            }
            if deadline.left().is_zero() {
                return Err(LockError::Held);
            }
            *self = Self { is_replacement: true, ..Self::open(self.path.clone())? };
        }
    }

    /// Whether the path still leads to this file.
    pub(in crate::engine::store::sqlite) fn is_in_place(&self) -> bool {
        FileId::at(&self.path).is_ok_and(|found| found == Some(self.id))
    }

    /// Whether it replaces a file that was removed or replaced while the log was open.
    pub(in crate::engine::store::sqlite) fn is_replacement(&self) -> bool {
        self.is_replacement
    }

    /// Lets other programs proceed.
    pub(in crate::engine::store::sqlite) fn unlock(&self) {
        // If unlocking fails, closing the file unlocks it.
        let _ = self.file.unlock();
    }

    /// Reads the file.
    pub(in crate::engine::store::sqlite) fn read(&self) -> io::Result<RecordedEnd> {
        read(&self.file)
    }

    /// Records an end over the previous one. One small write within a block, so a power cut cannot tear it.
    pub(in crate::engine::store::sqlite) fn write(&self, end: End) -> io::Result<()> {
        self.file.write_all_at(end.to_text().as_bytes(), 0)
    }

    /// Records an end in a file that may contain anything, and syncs it.
    pub(in crate::engine::store::sqlite) fn replace(&mut self, end: End) -> io::Result<()> {
        self.write(end)?;
        self.file.set_len(LENGTH as u64)?;
        self.file.sync_all()?;
        self.is_replacement = false;
        Ok(())
    }

    /// Removes the file. A program that waits for its lock notices and opens the new one, if any.
    pub(in crate::engine::store::sqlite) fn remove(&self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }

    /// Removes the file if no end was ever recorded.
    pub(in crate::engine::store::sqlite) fn remove_if_new(&self) {
        if matches!(self.read(), Ok(RecordedEnd::Empty)) {
            // A file that cannot be removed is empty, and does no harm.
            let _ = self.remove();
        }
    }
}

/// Polls for the lock until the deadline, because the system offers no lock with a timeout. Polls quickly at first: a
/// commit usually holds the lock for a few hundred microseconds.
fn wait_for(file: &File, path: &Path, deadline: Deadline) -> Result<(), LockError> {
    let (mut tries, mut wait) = (0_u32, None);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) if deadline.left().is_zero() => return Err(LockError::Held),
            Err(TryLockError::WouldBlock) => {
                wait.get_or_insert_with(|| LongWait::begin(&without_suffix(path, END))).check();
                std::thread::sleep(Duration::from_micros(if tries < 100 { 50 } else { 1_000 }));
                tries = tries.saturating_add(1);
            }
        }
    }
}

fn read(file: &File) -> io::Result<RecordedEnd> {
    let mut text = [0; LENGTH + 1];
    let mut length = 0;
    loop {
        match file.read_at(&mut text[length..], length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(match End::from_text(&text[..length]) {
        Some(end) => RecordedEnd::UpTo(end),
        // A power cut can leave an unsynced file with its length but filled with zeros.
        None if text[..length].iter().all(|byte| *byte == 0) => RecordedEnd::Empty,
        None => RecordedEnd::Damaged,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_of_an_end_is_parsed() {
        let end = End { position: 12, hash: [0xA7; 32] };
        let text = end.to_text();
        assert_eq!(text.len(), LENGTH);
        assert_eq!(End::from_text(text.as_bytes()), Some(end));
        for index in 0..text.len() {
            for bit in 0..8 {
                let mut damaged = text.clone().into_bytes();
                damaged[index] ^= 1 << bit;
                assert_eq!(End::from_text(&damaged), None, "bit {bit} of byte {index}");
            }
            assert_eq!(End::from_text(&text.as_bytes()[..index]), None, "cut after {index}");
        }
        assert_eq!(End::from_text(format!("{text}\n").as_bytes()), None);
    }
}
