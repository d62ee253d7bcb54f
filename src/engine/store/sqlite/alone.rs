//! A program that is the only one with the file open need not check for other programs' commits on every query.
//!
//! After finding no other program, a program relies on that for a short interval and then checks again. A program that
//! opens the file while others have it open answers no one until every interval that may have started earlier is over.
//! All of them measure with the machine's monotonic clock. A program that was suspended finds its interval expired, and
//! one that has ended relies on nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::open_here::Presence;

/// How long one check is valid.
const MOMENT: Duration = Duration::from_millis(2);

/// How long a program answers no one after opening a file that others have open. An interval of theirs started before
/// they could see this program, so `VALID_FOR` would suffice; this leaves a margin.
const LONGER_THAN_A_MOMENT: Duration = MOMENT.saturating_mul(2);

/// How long to wait before checking again after another program was found.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Whether this program is alone, and what others have acknowledged.
#[derive(Debug)]
pub(super) struct Alone {
    /// `None` if other programs may not follow this protocol.
    presence: Option<Presence>,
    begun: Instant,
    /// End of the interval, in nanoseconds since `begun`.
    until: AtomicU64,
    /// The last position acknowledged by programs that had the file open earlier.
    acknowledged: AtomicU64,
    /// Earliest time of the next check, in nanoseconds since `begun`.
    look_at: AtomicU64,
}

impl Alone {
    pub(super) fn new(presence: Option<Presence>) -> Self {
        let (until, acknowledged, look_at) = Default::default();
        Self { presence, begun: Instant::now(), until, acknowledged, look_at }
    }

    /// The last position acknowledged by any other program, if none has had the file open since the last valid check.
    pub(super) fn acknowledged(&self, now: Instant) -> Option<u64> {
        let is_alone = self.since_begun(now) < self.until.load(Ordering::Acquire);
        is_alone.then(|| self.acknowledged.load(Ordering::Acquire))
    }

    /// Checks that no other program has the file open. If so, read what others have acknowledged, and then [start an
    /// interval](Self::rely).
    pub(super) fn look(&self, now: Instant) -> bool {
        let Some(presence) = self.presence else { return false };
        if self.since_begun(now) < self.look_at.load(Ordering::Relaxed) {
            return false;
        }
        let is_alone = presence.is_alone();
        if !is_alone {
            self.look_at.store(self.since_begun(now + LOOK_AGAIN), Ordering::Relaxed);
        }
        is_alone
    }

    /// Starts an interval at `now`, which must precede the check, with the position read after it. Callers must not
    /// overlap.
    pub(super) fn rely(&self, now: Instant, acknowledged: u64) {
        self.acknowledged.store(acknowledged, Ordering::Release);
        self.until.store(self.since_begun(now + MOMENT), Ordering::Release);
    }

    fn since_begun(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.begun).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The earliest time at which a program that has just opened a file may answer; `None` if it is alone. Call this once
/// other programs can see that the file is open.
pub(super) fn answers_from(presence: Presence) -> Option<Instant> {
    let now = Instant::now();
    (!presence.is_alone()).then(|| now + LONGER_THAN_A_MOMENT)
}

pub(super) fn wait_until(time: Option<Instant>) {
    if let Some(time) = time {
        std::thread::sleep(time.saturating_duration_since(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use super::*;
    use crate::engine::store::sqlite::open_here::OpenHere;

    fn open_here(path: &Path) -> OpenHere {
        OpenHere::after(path, || File::open(path), |_| Ok(()), |error| error).unwrap().0
    }

    #[test]
    fn nobody_is_answered_by_the_next_one_while_somebody_relies_on_being_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let one = open_here(file.path());
        assert_eq!(answers_from(one.presence()), None);
        let alone = Alone::new(Some(one.presence()));
        let now = Instant::now();
        assert!(alone.look(now));
        let other = open_here(file.path());
        alone.rely(now, 7);
        assert_eq!(alone.acknowledged(now), Some(7));
        let answers_from = answers_from(other.presence()).unwrap();
        assert_eq!(alone.acknowledged(answers_from), None);
        assert!(!alone.look(answers_from));
        wait_until(Some(answers_from));
        assert!(Instant::now() >= answers_from);
    }
}
