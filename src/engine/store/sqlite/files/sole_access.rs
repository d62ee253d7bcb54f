//! A program that is the only one with the file open need not check for other programs' commits on every query.
//!
//! After finding no other program, a program relies on that for a short interval and then checks again. A program that
//! opens the file while others have it open answers no one until every interval that may have started earlier is over.
//! All of them measure with the machine's monotonic clock. A program that was suspended finds its interval expired, and
//! one that has ended relies on nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::open_file::Presence;

/// How long one check is valid.
const VALID_FOR: Duration = Duration::from_millis(2);

/// How long a program answers no one after opening a file that others have open. An interval of theirs started before
/// they could see this program, so `VALID_FOR` would suffice; this leaves a margin.
const OPENING_DELAY: Duration = VALID_FOR.saturating_mul(2);

/// How long to wait before checking again after another program was found.
const CHECK_AGAIN_AFTER: Duration = Duration::from_millis(25);

/// Whether this program is alone, and what others have acknowledged.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct SoleAccess {
    /// `None` if other programs may not follow this protocol.
    presence: Option<Presence>,
    created: Instant,
    /// End of the interval, in nanoseconds since `created`.
    valid_until: AtomicU64,
    /// The last position acknowledged by programs that had the file open earlier.
    acknowledged: AtomicU64,
    /// Earliest time of the next check, in nanoseconds since `created`.
    check_again_at: AtomicU64,
}

impl SoleAccess {
    pub(in crate::engine::store::sqlite) fn new(presence: Option<Presence>) -> Self {
        let (valid_until, acknowledged, check_again_at) = Default::default();
        Self { presence, created: Instant::now(), valid_until, acknowledged, check_again_at }
    }

    /// The last position acknowledged by any other program, if none has had the file open since the last valid check.
    pub(in crate::engine::store::sqlite) fn acknowledged(&self, now: Instant) -> Option<u64> {
        let is_alone = self.nanoseconds_to(now) < self.valid_until.load(Ordering::Acquire);
        is_alone.then(|| self.acknowledged.load(Ordering::Acquire))
    }

    /// Checks that no other program has the file open. If so, read what others have acknowledged, and then [start an
    /// interval](Self::begin_interval).
    pub(in crate::engine::store::sqlite) fn check_alone(&self, now: Instant) -> bool {
        let Some(presence) = self.presence else { return false };
        if self.nanoseconds_to(now) < self.check_again_at.load(Ordering::Relaxed) {
            return false;
        }
        let is_alone = presence.is_alone();
        if !is_alone {
            self.check_again_at.store(self.nanoseconds_to(now + CHECK_AGAIN_AFTER), Ordering::Relaxed);
        }
        is_alone
    }

    /// Starts an interval at `now`, which must precede the check, with the position read after it. Callers must not
    /// overlap.
    pub(in crate::engine::store::sqlite) fn begin_interval(&self, now: Instant, acknowledged: u64) {
        self.acknowledged.store(acknowledged, Ordering::Release);
        self.valid_until.store(self.nanoseconds_to(now + VALID_FOR), Ordering::Release);
    }

    fn nanoseconds_to(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.created).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The earliest time at which a program that has just opened a file may answer; `None` if it is alone. Call this once
/// other programs can see that the file is open.
pub(in crate::engine::store::sqlite) fn silent_until(presence: Presence) -> Option<Instant> {
    let now = Instant::now();
    (!presence.is_alone()).then(|| now + OPENING_DELAY)
}

pub(in crate::engine::store::sqlite) fn wait_until(time: Option<Instant>) {
    if let Some(time) = time {
        std::thread::sleep(time.saturating_duration_since(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use super::*;
    use crate::engine::store::sqlite::files::open_file::OpenFile;

    fn open_file(path: &Path) -> OpenFile {
        OpenFile::open(path, || File::open(path), |_| Ok(()), |error| error).unwrap().0
    }

    #[test]
    fn a_second_opener_answers_only_after_sole_access_has_expired() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let one = open_file(file.path());
        assert_eq!(silent_until(one.presence()), None);
        let sole_access = SoleAccess::new(Some(one.presence()));
        let now = Instant::now();
        assert!(sole_access.check_alone(now));
        let other = open_file(file.path());
        sole_access.begin_interval(now, 7);
        assert_eq!(sole_access.acknowledged(now), Some(7));
        let silent_until = silent_until(other.presence()).unwrap();
        assert_eq!(sole_access.acknowledged(silent_until), None);
        assert!(!sole_access.check_alone(silent_until));
        wait_until(Some(silent_until));
        assert!(Instant::now() >= silent_until);
    }
}
