//! Group commit: the writer waits for further requests just long enough to share a commit.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::requests::WriteRequest;

/// The maximum number of requests that share a commit.
pub(super) const MAX_BATCH: usize = 4_096;

/// After a commit, its callers usually send their next requests at once. The next commit waits for them while they
/// arrive no further apart than this …
const GATHER_GAP: Duration = Duration::from_micros(50);

/// … for no longer than this in total …
const GATHER_FOR: Duration = Duration::from_millis(1);

/// … and for no more requests than this: later ones share the next commit, and arrive while this one syncs.
const MAX_GATHERED: usize = 512;

/// If the next request usually follows a reply this soon, polling for it is quicker than sleeping.
const POLL_FOR: Duration = Duration::from_micros(100);

/// What the writer remembers of the last commit.
pub(super) struct GroupCommit {
    /// The number of requests answered.
    count: usize,
    /// The time of the replies.
    at: Instant,
    /// Whether the next request followed soon.
    follows_soon: bool,
}

impl GroupCommit {
    pub(super) fn new() -> Self {
        Self { count: 0, at: Instant::now(), follows_soon: false }
    }

    pub(super) fn answered(&mut self, count: usize) {
        self.count = count;
        self.at = Instant::now();
    }

    /// Polls briefly for a request, if one is likely to come soon. Returns whether there is one.
    pub(super) fn poll<E>(
        &self,
        requests: &mut mpsc::Receiver<WriteRequest<E>>,
        batch: &mut Vec<WriteRequest<E>>,
    ) -> bool {
        if !self.follows_soon {
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
                Err(mpsc::error::TryRecvError::Empty) if self.at.elapsed() < POLL_FOR => {
                    std::thread::yield_now();
                }
                Err(_) => return false,
            }
        }
    }

    /// Collects requests for a moment, until there are as many as were answered last.
    pub(super) fn gather<E>(
        &mut self,
        requests: &mut mpsc::Receiver<WriteRequest<E>>,
        batch: &mut Vec<WriteRequest<E>>,
    ) {
        let begun = Instant::now();
        self.follows_soon = begun - self.at < POLL_FOR;
        let expected = self.count.min(MAX_GATHERED);
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
