//! The companion file that knows where the log ends.
//!
//! SQLite drops the rest of a damaged write-ahead log without a word, and an old copy of the file looks as good
//! as the newest. The highest position that was ever acknowledged, and its hash, therefore stand in a file of
//! their own, written after each commit and before its answers. It is not synced: after a power cut it may be
//! behind the log, but it is never ahead of what the disk has.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::hash_chain::{BEFORE_THE_FIRST, Hash, hex};

/// What follows the database's name in the companion's.
pub(super) const SUFFIX: &str = "-end";

pub(super) const LENGTH: usize = 125;

/// Where a log ends: the last event's position and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) position: u64,
    pub(super) hash: Hash,
}

impl End {
    pub(super) const OF_NOTHING: Self = Self { position: 0, hash: BEFORE_THE_FIRST };

    pub(super) fn to_text(self) -> String {
        let mut text = format!("position {:020}\nsha256 {}\n", self.position, hex(&self.hash));
        let check = check(&text);
        text.push_str(&check);
        text
    }

    /// Reads exactly what `to_text` writes.
    pub(super) fn from_text(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let position = text.strip_prefix("position ")?.get(..20)?.parse().ok()?;
        let digits = text.lines().nth(1)?.strip_prefix("sha256 ")?;
        let mut hash = BEFORE_THE_FIRST;
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

/// The companion file, open.
#[derive(Debug)]
pub(super) struct EndFile {
    file: File,
    /// What was last written here: mostly it still stands there.
    written: String,
}

impl From<File> for EndFile {
    fn from(file: File) -> Self {
        Self { file, written: String::new() }
    }
}

impl EndFile {
    /// Opens the file if it is there.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => Ok(Some(file.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The file, to be read from elsewhere too.
    pub(super) fn share(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Makes the file, which must not be there, and gets it onto the disk.
    pub(super) fn create(path: &Path, end: End) -> io::Result<Self> {
        let mut created = Self::from(create_private(path)?);
        created.overwrite(end)?;
        created.file.sync_all()?;
        Ok(created)
    }

    /// What the file says; `None` if it is damaged.
    pub(super) fn read(&self) -> io::Result<Option<End>> {
        let mut text = [0; LENGTH + 1];
        let mut length = 0;
        loop {
            match self.file.read_at(&mut text[length..], length as u64) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(End::from_text(&text[..length]))
    }

    /// Writes a new end down, unless another process has written a later one.
    pub(super) fn raise(&mut self, end: End) -> io::Result<()> {
        self.file.lock()?;
        let raised = self.raise_locked(end);
        self.file.unlock()?;
        raised
    }

    fn raise_locked(&mut self, end: End) -> io::Result<()> {
        let mut text = [0; LENGTH + 1];
        // A file of this kind is read whole at once; should it not be, it is looked at again below.
        let length = self.file.read_at(&mut text, 0)?;
        if length == LENGTH && text[..length] == *self.written.as_bytes() {
            return self.overwrite(end);
        }
        match self.read()? {
            Some(written) if written.position >= end.position => Ok(()),
            Some(_) => self.overwrite(end),
            None => Err(io::Error::other("the file that knows the log's end is damaged")),
        }
    }

    /// Writes an end down, whatever stood there.
    pub(super) fn replace(&mut self, end: End) -> io::Result<()> {
        self.file.lock()?;
        let written = self.overwrite(end).and_then(|()| self.file.set_len(LENGTH as u64));
        self.file.unlock()?;
        written
    }

    /// One small write in one block: it is on the disk whole or not at all.
    fn overwrite(&mut self, end: End) -> io::Result<()> {
        self.written = end.to_text();
        self.file.write_all_at(self.written.as_bytes(), 0)
    }
}

/// A new file that nobody else may read, whatever the umask.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_read_as_it_was_written_and_no_other_text_is() {
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
