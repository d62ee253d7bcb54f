//! Reports which program holds the file when waiting takes long.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::lock_holder::holder;

/// Longer than a commit, an open or a close usually takes.
const WARN_AFTER: Duration = Duration::from_secs(1);

/// A wait for another program's lock.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct LongWait {
    path: PathBuf,
    begun: Instant,
    has_warned: bool,
}

impl LongWait {
    pub(in crate::engine::store::sqlite) fn begin(path: &Path) -> Self {
        Self { path: path.into(), begun: Instant::now(), has_warned: false }
    }

    /// Returns how long the wait has taken, and warns once if that is long. Call this repeatedly.
    pub(in crate::engine::store::sqlite) fn check(&mut self) -> Duration {
        let waited = self.begun.elapsed();
        if waited >= WARN_AFTER && !self.has_warned {
            self.has_warned = true;
            tracing::warn!("{}: waiting for {}, which holds the file", self.path.display(), holder(&self.path));
        }
        waited
    }
}
