//! Remembers in a file how much of a log was seen: a cluster that has lost its end shows a valid, shorter one to whoever has
//! never seen more.
//!
//! The file is written before anyone is answered, and not synced: after a power cut here it may be behind, but is never
//! ahead of the log.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::engine::disk::{Trusted, create_private, create_private_directory, open_own};
use crate::engine::log::{Position, from_hex, hex};
use crate::engine::store::commit_log::Replicated;

#[derive(Debug)]
pub(super) struct Witness {
    path: PathBuf,
    file: File,
    end: Replicated,
}

impl Witness {
    /// Opens the file of a log in a directory, or makes it.
    pub(super) fn open(directory: &Path, log: &str) -> io::Result<Self> {
        create_private_directory(directory)?;
        let path = directory.join(format!("{}.seen", file_name(log)));
        let file = match open_own(&path, OpenOptions::new().read(true).write(true), Trusted::PRIVATE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_private(&path)?,
            opened => opened?,
        };
        let mut witness = Self { path, file, end: Replicated::default() };
        witness.end = witness.read()?;
        Ok(witness)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How much of the log was seen.
    pub(super) fn end(&self) -> Replicated {
        self.end
    }

    /// What was seen and is lost is not missed any more.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.write(Replicated::default())
    }

    /// Notes how much of the log is seen, unless another program has seen more.
    pub(super) fn note(&mut self, end: Replicated) -> io::Result<()> {
        if self.end.sequence < end.sequence && self.read()?.sequence < end.sequence { self.write(end) } else { Ok(()) }
    }

    fn read(&self) -> io::Result<Replicated> {
        let mut text = String::new();
        let length = self.file.metadata()?.len();
        if length == 0 {
            return Ok(Replicated::default());
        }
        let mut bytes = vec![0; usize::try_from(length.min(1_024)).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, 0)?;
        text.push_str(&String::from_utf8_lossy(&bytes));
        parse(&text).ok_or_else(|| {
            let what = format!("{}: this does not say how much of the log was seen", self.path.display());
            io::Error::new(io::ErrorKind::InvalidData, what)
        })
    }

    fn write(&mut self, end: Replicated) -> io::Result<()> {
        self.file.write_all_at(text(end).as_bytes(), 0)?;
        self.end = end;
        Ok(())
    }
}

/// A log's name as that of a file.
pub(super) fn file_name(log: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    log.chars().map(|letter| if is_plain(letter) { letter } else { '-' }).collect()
}

/// Always as long.
fn text(Replicated { sequence, position, hash }: Replicated) -> String {
    let text = format!("sequence {sequence:020}\nposition {:020}\nsha256 {}\n", position.get(), hex(&hash));
    let check: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    format!("{text}check {}\n", hex(&check[..8]))
}

fn parse(written: &str) -> Option<Replicated> {
    let mut lines = written.lines();
    let sequence = lines.next()?.strip_prefix("sequence ")?.parse().ok()?;
    let position = Position::new(lines.next()?.strip_prefix("position ")?.parse().ok()?);
    let hash = from_hex(lines.next()?.strip_prefix("sha256 ")?)?;
    let end = Replicated { sequence, position, hash };
    (text(end) == written).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(sequence: u64) -> Replicated {
        Replicated { sequence, position: Position::new(sequence * 10), hash: [7; 32] }
    }

    #[test]
    fn the_end_is_remembered_and_never_goes_back() {
        let directory = tempfile::tempdir().unwrap();
        let open = || Witness::open(directory.path(), "nats:C1/bank").unwrap();
        let mut one = open();
        assert_eq!(one.end(), Replicated::default());
        one.note(end(5)).unwrap();
        let mut other = open();
        assert_eq!(other.end(), end(5));
        one.note(end(9)).unwrap();
        other.note(end(7)).unwrap();
        assert_eq!(open().end(), end(9));
        other.forget().unwrap();
        assert_eq!(open().end(), Replicated::default());
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let mut witness = Witness::open(directory.path(), "nats:C1/bank").unwrap();
        witness.note(end(5)).unwrap();
        witness.file.write_all_at(b"1", 20).unwrap();
        assert!(Witness::open(directory.path(), "nats:C1/bank").is_err());
    }
}
