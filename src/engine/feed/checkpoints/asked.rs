//! Whether anybody has asked for what the feed delivers. Until then, a feed that [waits](Checkpoints::until_asked) for that
//! reads no event.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use super::Checkpoints;

/// Most feeds are asked from the beginning.
#[derive(Debug)]
pub(super) struct Asked {
    is_asked: AtomicBool,
    first: Notify,
}

impl Default for Asked {
    fn default() -> Self {
        Self { is_asked: AtomicBool::new(true), first: Notify::new() }
    }
}

impl Checkpoints {
    /// Nobody has asked yet. Called before the feed starts.
    pub(in crate::engine) fn wait_to_be_asked(&self) {
        self.shared.asked.is_asked.store(false, Ordering::Release);
    }

    /// Asks.
    pub(in crate::engine) fn ask(&self) {
        let asked = &self.shared.asked;
        if !asked.is_asked.load(Ordering::Acquire) {
            asked.is_asked.store(true, Ordering::Release);
            asked.first.notify_waiters();
        }
    }

    /// Whether anybody has asked.
    pub(in crate::engine) fn is_asked(&self) -> bool {
        self.shared.asked.is_asked.load(Ordering::Acquire)
    }

    /// Waits until somebody asks.
    pub(in crate::engine) async fn until_asked(&self) {
        loop {
            let first = self.shared.asked.first.notified();
            if self.is_asked() {
                return;
            }
            first.await;
        }
    }
}
