//! A store that answers so many calls and then never again, until it is asked to.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cqrs_bank::engine::domain::DomainEvent;

use super::WatchedStore;

pub(crate) const NEVER: u64 = u64::MAX;

pub(crate) struct Cut<E> {
    pub(crate) store: WatchedStore<E>,
    steps_left: Arc<AtomicU64>,
}

impl<E: DomainEvent> Cut<E> {
    /// Each call has two steps: before it is done, and before it is answered.
    pub(crate) fn at(steps: u64) -> Self {
        let steps_left = Arc::new(AtomicU64::new(steps));
        let counter = steps_left.clone();
        let store = WatchedStore::start(move |_| {
            let left = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            async move {
                if left.is_err() {
                    pending().await
                }
            }
        });
        Self { store, steps_left }
    }

    /// From now on it answers so many calls.
    pub(crate) fn again(&self, steps: u64) {
        self.steps_left.store(steps, Ordering::Relaxed);
    }
}
