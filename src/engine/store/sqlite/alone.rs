//! Who is alone on a file need not look at each question what others have acknowledged.
//!
//! Whoever has found that nobody else has the file open relies on it for a moment, and then looks again. Whoever opens
//! the file and is not alone answers nobody until all such moments that may have begun before are over. All measure by
//! the machine's one clock that never goes back. A program that was suspended finds its moment over when it comes back,
//! and one that has ended relies on nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::open_here::Presence;

/// How long it is relied on that nobody else was there.
const MOMENT: Duration = Duration::from_millis(2);

/// How long to answer nobody after opening a file that others have open. Where one has come after it was looked, the
/// moment began before, so this need not be longer; but it may.
const LONGER_THAN_A_MOMENT: Duration = MOMENT.saturating_mul(2);

/// Where somebody is there, it is not looked sooner whether that has changed.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// What is known of the others, and what they have acknowledged.
#[derive(Debug)]
pub(super) struct Alone {
    /// `None` where others need not keep to this.
    presence: Option<Presence>,
    begun: Instant,
    /// When the moment ends, in nanoseconds since the beginning.
    until: AtomicU64,
    /// The last position that was acknowledged by those who were there before.
    acknowledged: AtomicU64,
    /// When it is worthwhile to look again, in nanoseconds since the beginning.
    look_at: AtomicU64,
}

impl Alone {
    pub(super) fn new(presence: Option<Presence>) -> Self {
        let (until, acknowledged, look_at) = Default::default();
        Self { presence, begun: Instant::now(), until, acknowledged, look_at }
    }

    /// The last position that anybody else has acknowledged, where nobody else was there a moment ago.
    pub(super) fn acknowledged(&self, now: Instant) -> Option<u64> {
        let is_alone = self.since_begun(now) < self.until.load(Ordering::Acquire);
        is_alone.then(|| self.acknowledged.load(Ordering::Acquire))
    }

    /// Looks whether nobody else is there. What others have acknowledged is to be read after that, and
    /// then [relied on](Self::rely).
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

    /// Begins a moment at a time before the look, with what was read after it. Not to be called by two at once.
    pub(super) fn rely(&self, now: Instant, acknowledged: u64) {
        self.acknowledged.store(acknowledged, Ordering::Release);
        self.until.store(self.since_begun(now + MOMENT), Ordering::Release);
    }

    fn since_begun(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.begun).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// From when on somebody may be answered by one who has just opened a file; `None` where it is alone. To be called when
/// the others can see that the file is open.
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
