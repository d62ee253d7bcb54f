//! The acknowledged end of the log, known to every process without asking SQLite: the `-end` file is written before any
//! caller is answered. Reading it takes 125 bytes, and a program that is alone can skip even that.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::end_file::{End, LENGTH};
use super::open_file::Presence;
use super::sole_access::SoleAccess;

/// Attempts to read the text, which may be torn by a concurrent write.
const TRIES: usize = 8;

/// The highest position acknowledged by any process, or seen by this one.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct AcknowledgedEnd {
    /// `None` once the store is closed.
    companion: Mutex<Option<Companion>>,
    sole_access: SoleAccess,
    /// The highest position seen by this process. The process that stored it may not have acknowledged it yet, and may
    /// never do so.
    seen: AtomicU64,
    /// Whether the writer was asked to publish other processes' commits and has not started.
    look_requested: AtomicBool,
}

#[derive(Debug)]
struct Companion {
    file: File,
    /// The text read last, to skip parsing it again.
    text: [u8; LENGTH],
    position: u64,
}

impl Companion {
    fn new(file: File) -> Self {
        Self { file, text: [0; LENGTH], position: 0 }
    }
}

impl AcknowledgedEnd {
    /// Without a presence, every query reads the file.
    pub(in crate::engine::store::sqlite) fn new(file: File, end: u64, presence: Option<Presence>) -> Self {
        let companion = Mutex::new(Some(Companion::new(file)));
        let (sole_access, seen) = (SoleAccess::new(presence), AtomicU64::new(end));
        Self { companion, sole_access, seen, look_requested: AtomicBool::new(false) }
    }

    /// The highest position acknowledged to anyone, or seen here; `None` if the file cannot be read.
    pub(in crate::engine::store::sqlite) fn position(&self) -> Option<u64> {
        self.position_at(Instant::now())
    }

    fn position_at(&self, now: Instant) -> Option<u64> {
        let acknowledged = match self.sole_access.acknowledged(now) {
            Some(acknowledged) => acknowledged,
            None => (0..TRIES).find_map(|_| self.read(now).ok().flatten())?,
        };
        Some(acknowledged.max(self.seen.load(Ordering::Acquire)))
    }

    fn read(&self, now: Instant) -> io::Result<Option<u64>> {
        let mut text = [0; LENGTH];
        let mut companion = self.companion();
        let Some(companion) = companion.as_mut() else { return Ok(None) };
        // Programs that have ended recorded what they acknowledged, so check before reading.
        let is_alone = self.sole_access.check_alone(now);
        companion.file.read_exact_at(&mut text, 0)?;
        if companion.text != text {
            let Some(end) = End::from_text(&text) else { return Ok(None) };
            (companion.text, companion.position) = (text, end.position);
        }
        if is_alone {
            self.sole_access.begin_interval(now, companion.position);
        }
        Ok(Some(companion.position))
    }

    /// Switches to another `-end` file, which replaced the previous one.
    pub(in crate::engine::store::sqlite) fn follow(&self, file: File) {
        *self.companion() = Some(Companion::new(file));
    }

    /// Closes the `-end` file together with the store.
    pub(in crate::engine::store::sqlite) fn close(&self) {
        *self.companion() = None;
    }

    fn companion(&self) -> MutexGuard<'_, Option<Companion>> {
        self.companion.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raises the seen position. Call this before passing an event on.
    pub(in crate::engine::store::sqlite) fn raise_seen(&self, position: u64) {
        self.seen.fetch_max(position, Ordering::AcqRel);
    }

    /// Whether to ask the writer to look: not while a request is pending.
    pub(in crate::engine::store::sqlite) fn request_look(&self) -> bool {
        !self.look_requested.swap(true, Ordering::AcqRel)
    }

    /// Call this before the writer looks, or if it will not.
    pub(in crate::engine::store::sqlite) fn end_look_request(&self) {
        self.look_requested.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::engine::store::sqlite::files::open_file::OpenFile;

    fn end(position: u64) -> End {
        End { position, hash: [1; 32] }
    }

    fn noted(end: End, presence: Option<Presence>) -> AcknowledgedEnd {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(end.to_text().as_bytes()).unwrap();
        AcknowledgedEnd::new(file, 0, presence)
    }

    fn write(acknowledged: &AcknowledgedEnd, text: &[u8]) {
        acknowledged.companion().as_ref().unwrap().file.write_all_at(text, 0).unwrap();
    }

    fn open_file(path: &Path) -> OpenFile {
        OpenFile::open(path, || File::open(path), |_| Ok(()), |error| error).unwrap().0
    }

    #[test]
    fn the_higher_of_the_recorded_and_the_seen_position_counts() {
        let acknowledged = noted(end(7), None);
        assert_eq!(acknowledged.position(), Some(7));
        acknowledged.raise_seen(9);
        assert_eq!(acknowledged.position(), Some(9));
        write(&acknowledged, end(12).to_text().as_bytes());
        assert_eq!(acknowledged.position(), Some(12));
    }

    #[test]
    fn a_torn_or_truncated_file_gives_no_position() {
        let acknowledged = noted(end(7), None);
        write(&acknowledged, &End { position: 8, hash: [2; 32] }.to_text().as_bytes()[..50]);
        assert_eq!(acknowledged.position(), None);
        acknowledged.companion().as_ref().unwrap().file.set_len(10).unwrap();
        assert_eq!(acknowledged.position(), None);
    }

    #[test]
    fn a_program_that_is_alone_reads_the_file_only_from_time_to_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let one = open_file(file.path());
        let acknowledged = noted(end(7), Some(one.presence()));
        let begun = Instant::now();
        let after = |milliseconds| begun + Duration::from_millis(milliseconds);
        assert_eq!(acknowledged.position_at(after(0)), Some(7));
        write(&acknowledged, end(12).to_text().as_bytes());
        acknowledged.raise_seen(9);
        assert_eq!(acknowledged.position_at(after(1)), Some(9));
        // As after being suspended.
        assert_eq!(acknowledged.position_at(after(5_000)), Some(12));
        let other = open_file(file.path());
        for position in 13..20 {
            write(&acknowledged, end(position).to_text().as_bytes());
            assert_eq!(acknowledged.position_at(after(5_000 + position)), Some(position));
        }
        drop(other);
        assert_eq!(acknowledged.position_at(after(6_000)), Some(19));
        write(&acknowledged, end(20).to_text().as_bytes());
        assert_eq!(acknowledged.position_at(after(6_001)), Some(19));
        assert_eq!(acknowledged.position_at(after(6_002)), Some(20));
        // After closing the file, this process never counts as alone.
        drop(one);
        write(&acknowledged, end(21).to_text().as_bytes());
        assert_eq!(acknowledged.position_at(after(6_004)), Some(21));
        write(&acknowledged, end(22).to_text().as_bytes());
        assert_eq!(acknowledged.position_at(after(6_004)), Some(22));
    }

    #[test]
    fn an_unreadable_file_begins_no_interval() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = open_file(file.path());
        let acknowledged = noted(end(7), Some(open.presence()));
        write(&acknowledged, b"torn");
        let now = Instant::now();
        assert_eq!(acknowledged.position_at(now), None);
        write(&acknowledged, end(8).to_text().as_bytes());
        assert_eq!(acknowledged.position_at(now), Some(8));
    }
}
