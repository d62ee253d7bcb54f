//! Lengthens the write-ahead log ahead of the commits. Syncing a file that keeps its length takes about two thirds of
//! the time: the file system has no new length to record.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::engine::disk::{Trusted, open_own};
use crate::engine::store::sqlite::files::companions::{WAL, companion};

/// The bytes of a page in the write-ahead log, with its header.
const FRAME: u64 = 4_096 + 24;

/// The log is doubled in time, but by no less than this …
const LEAST: u64 = 64 * 1_024;

/// … and by no more than this, which is written and synced together with one commit.
const MOST: u64 = 4 * 1_024 * 1_024;

/// SQLite takes the zeros behind its last frame for the end of the log: no frame has a checksum of zeros.
static ZEROS: [u8; 64 * 1_024] = [0; 64 * 1_024];

/// The end of the write-ahead log.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct WalGrowth {
    /// `None` if it could not be opened, or the disk was too full once.
    file: Option<File>,
    /// The length at the last check. Other programs may change it.
    length: u64,
}

impl WalGrowth {
    /// SQLite must have opened the log before.
    pub(in crate::engine::store::sqlite) fn of(path: &Path) -> Self {
        let opened = Trusted::beside(path)
            .and_then(|trusted| open_own(&companion(path, WAL), OpenOptions::new().write(true), trusted));
        Self { file: opened.ok(), length: 0 }
    }

    /// Lengthens the log if the next commits would. Call this within a transaction, which keeps other programs from
    /// writing there. Without success the log grows as SQLite lets it.
    pub(in crate::engine::store::sqlite) fn keep_ahead(&mut self, pages: u32) {
        if let Some(file) = &self.file
            && let Err(error) = extend(file, u64::from(pages) * FRAME, &mut self.length)
        {
            tracing::debug!("the write-ahead log is not lengthened any more: {error}");
            self.file = None;
        }
    }
}

fn extend(file: &File, used: u64, length: &mut u64) -> io::Result<()> {
    if *length >= used + LEAST / 2 {
        return Ok(());
    }
    let end = file.metadata()?.len();
    let wanted = used + used.clamp(LEAST, MOST);
    *length = end;
    if end >= used + LEAST / 2 {
        return Ok(());
    }
    while *length < wanted {
        let count = (wanted - *length).min(ZEROS.len() as u64);
        if let Err(error) = file.write_all_at(&ZEROS[..count as usize], *length) {
            // What the disk still holds is for the events.
            file.set_len(end)?;
            return Err(error);
        }
        *length += count;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_log_is_lengthened_with_zeros_before_it_is_full() {
        let mut file = tempfile::tempfile().unwrap();
        let (pages, used) = (100, 100 * FRAME);
        file.write_all(&vec![7; used as usize]).unwrap();
        let mut growth = WalGrowth { file: Some(file.try_clone().unwrap()), length: 0 };
        let length = || file.metadata().unwrap().len();
        growth.keep_ahead(pages);
        assert_eq!(length(), 2 * used);
        growth.keep_ahead(pages + 50);
        assert_eq!(length(), 2 * used);
        growth.keep_ahead(pages + 99);
        assert_eq!(length(), 2 * (used + 99 * FRAME));
        let mut byte = [9];
        for (at, expected) in [(0, 7), (used - 1, 7), (used, 0), (length() - 1, 0)] {
            file.read_exact_at(&mut byte, at).unwrap();
            assert_eq!(byte[0], expected, "at {at}");
        }
    }

    #[test]
    fn a_log_that_cannot_be_lengthened_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        std::fs::write(&path, "frames").unwrap();
        let mut growth = WalGrowth { file: Some(File::open(&path).unwrap()), length: 0 };
        growth.keep_ahead(10);
        growth.keep_ahead(10);
        assert_eq!(std::fs::read(&path).unwrap(), b"frames");
        assert!(growth.file.is_none());
    }
}
