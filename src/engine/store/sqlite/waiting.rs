//! How the writer waits for the next requests: long enough to share a commit, and no longer.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::requests::WriteRequest;

/// So many requests at the most share a commit.
pub(super) const MAX_BATCH: usize = 4_096;

/// After a commit, those who waited for it mostly ask again at once, one after the other. The next commit waits
/// for them as long as they come no further apart than this …
const GATHER_GAP: Duration = Duration::from_micros(50);

/// … and no longer than this altogether …
const GATHER_FOR: Duration = Duration::from_millis(1);

/// … and not for more than so many: then they share the disk well enough, and better ask during the commit.
const GATHER: usize = 512;

/// Where the next request mostly comes so soon after an answer, it is quicker to stay awake for it.
const STAY_AWAKE_FOR: Duration = Duration::from_micros(100);

/// What is remembered of the last commit.
pub(super) struct LastCommit {
    /// How many were answered.
    count: usize,
    /// When.
    at: Instant,
    /// Whether the one after it was asked for soon.
    asked_soon: bool,
}

impl LastCommit {
    pub(super) fn none_yet() -> Self {
        Self { count: 0, at: Instant::now(), asked_soon: false }
    }

    pub(super) fn answered(&mut self, count: usize) {
        self.count = count;
        self.at = Instant::now();
    }

    /// Waits for a request without going to sleep, where that is likely to be short. Answers whether there is one.
    pub(super) fn stay_awake<E>(
        &self,
        requests: &mut mpsc::Receiver<WriteRequest<E>>,
        batch: &mut Vec<WriteRequest<E>>,
    ) -> bool {
        if !self.asked_soon {
            return false;
        }
        loop {
            match requests.try_recv() {
                Ok(request) => {
                    batch.push(request);
                    while batch.len() < MAX_BATCH
                        && let Ok(request) = requests.try_recv()
                    {
                        batch.push(request);
                    }
                    return true;
                }
                Err(mpsc::error::TryRecvError::Empty) if self.at.elapsed() < STAY_AWAKE_FOR => {
                    std::thread::yield_now();
                }
                Err(_) => return false,
            }
        }
    }

    /// Takes what comes within a moment, until as many have asked as were answered last.
    pub(super) fn gather<E>(
        &mut self,
        requests: &mut mpsc::Receiver<WriteRequest<E>>,
        batch: &mut Vec<WriteRequest<E>>,
    ) {
        let begun = Instant::now();
        self.asked_soon = begun - self.at < STAY_AWAKE_FOR;
        let expected = self.count.min(GATHER);
        let mut last = begun;
        while batch.len() < expected {
            match requests.try_recv() {
                Ok(request) => {
                    batch.push(request);
                    last = Instant::now();
                }
                Err(mpsc::error::TryRecvError::Empty)
                    if last.elapsed() < GATHER_GAP && begun.elapsed() < GATHER_FOR =>
                {
                    std::thread::yield_now();
                }
                Err(_) => return,
            }
        }
    }
}
