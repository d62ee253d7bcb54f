//! Whoever waits for another program for longer than a moment says for whom.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::lock_holder::holder;

/// Longer than others commit, open or close, as a rule.
const SAY_AFTER: Duration = Duration::from_secs(1);

/// A wait for another program that has a file locked.
#[derive(Debug)]
pub(super) struct LongWait {
    path: PathBuf,
    begun: Instant,
    is_said: bool,
}

impl LongWait {
    pub(super) fn begin(path: &Path) -> Self {
        Self { path: path.into(), begun: Instant::now(), is_said: false }
    }

    /// To be called now and then. Answers how long it has taken up to now.
    pub(super) fn goes_on(&mut self) -> Duration {
        let waited = self.begun.elapsed();
        if waited >= SAY_AFTER && !self.is_said {
            self.is_said = true;
            tracing::warn!("{}: waiting for {}, which holds the file", self.path.display(), holder(&self.path));
        }
        waited
    }
}
