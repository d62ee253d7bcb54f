//! What every process knows of the log's end without asking SQLite: the companion file says it, which is written before
//! anything is answered. To look at it is to read 125 bytes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::end_file::{End, LENGTH};

/// The text may be read while it is written: then it is soon whole.
const TRIES: usize = 8;

/// The log's end as far as it was acknowledged, or seen by this process.
#[derive(Debug)]
pub(super) struct AcknowledgedEnd {
    companion: Mutex<Companion>,
    /// What has been seen here. Another process may not have told its caller of it yet, and may never do so.
    seen: AtomicU64,
    /// The writer was asked to look for what others have written, and has not begun to.
    wanted: AtomicBool,
}

#[derive(Debug)]
struct Companion {
    file: File,
    /// What was read last, and means the same when it is read again.
    text: [u8; LENGTH],
    position: u64,
}

impl Companion {
    fn new(file: File) -> Self {
        Self { file, text: [0; LENGTH], position: 0 }
    }
}

impl AcknowledgedEnd {
    pub(super) fn new(file: File, end: u64) -> Self {
        let companion = Mutex::new(Companion::new(file));
        Self { companion, seen: AtomicU64::new(end), wanted: AtomicBool::new(false) }
    }

    /// The last position that was acknowledged to anybody, or seen here; `None` if the file does not say.
    pub(super) fn position(&self) -> Option<u64> {
        let acknowledged = (0..TRIES).find_map(|_| self.read().ok().flatten())?;
        Some(acknowledged.max(self.seen.load(Ordering::Acquire)))
    }

    fn read(&self) -> io::Result<Option<u64>> {
        let mut text = [0; LENGTH];
        let mut companion = self.companion.lock().unwrap_or_else(PoisonError::into_inner);
        companion.file.read_exact_at(&mut text, 0)?;
        if companion.text != text {
            let Some(end) = End::from_text(&text) else { return Ok(None) };
            (companion.text, companion.position) = (text, end.position);
        }
        Ok(Some(companion.position))
    }

    /// Another file stands in the companion's place now.
    pub(super) fn follow(&self, file: File) {
        *self.companion.lock().unwrap_or_else(PoisonError::into_inner) = Companion::new(file);
    }

    /// To be called before anybody hears of an event.
    pub(super) fn saw(&self, position: u64) {
        self.seen.fetch_max(position, Ordering::AcqRel);
    }

    /// Whether the writer is to be asked for a look: not while it has one before it.
    pub(super) fn wants_look(&self) -> bool {
        !self.wanted.swap(true, Ordering::AcqRel)
    }

    /// To be called before the look begins, or when there will be none.
    pub(super) fn look_begins(&self) {
        self.wanted.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn written(end: End) -> AcknowledgedEnd {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(end.to_text().as_bytes()).unwrap();
        AcknowledgedEnd::new(file, 0)
    }

    #[test]
    fn what_stands_in_the_file_or_was_seen_is_told() {
        let acknowledged = written(End { position: 7, hash: [1; 32] });
        assert_eq!(acknowledged.position(), Some(7));
        acknowledged.saw(9);
        assert_eq!(acknowledged.position(), Some(9));
        let later = End { position: 12, hash: [2; 32] }.to_text();
        acknowledged.companion.lock().unwrap().file.write_all_at(later.as_bytes(), 0).unwrap();
        assert_eq!(acknowledged.position(), Some(12));
    }

    #[test]
    fn a_file_that_is_torn_or_cut_tells_nothing() {
        let acknowledged = written(End { position: 7, hash: [1; 32] });
        let other = End { position: 8, hash: [2; 32] }.to_text();
        acknowledged.companion.lock().unwrap().file.write_all_at(&other.as_bytes()[..50], 0).unwrap();
        assert_eq!(acknowledged.position(), None);
        acknowledged.companion.lock().unwrap().file.set_len(10).unwrap();
        assert_eq!(acknowledged.position(), None);
    }
}
