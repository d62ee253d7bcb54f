//! Shared access to a projection.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockWriteGuard};

/// A shared handle on a projection, for reading. Cheap to clone.
pub struct ReadModel<P> {
    shared: Arc<RwLock<P>>,
    was_read: ReadMark,
    /// Why it changes no more, if it has stopped.
    stopped: Arc<OnceLock<Box<str>>>,
}

/// Whether a projection was read since somebody asked that last. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct ReadMark(Arc<AtomicBool>);

impl ReadMark {
    fn set(&self) {
        // Many readers share it, so it is written only where that changes something.
        if !self.0.load(Ordering::Relaxed) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    pub(in crate::engine) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl<P> Clone for ReadModel<P> {
    fn clone(&self) -> Self {
        let (shared, was_read, stopped) = (self.shared.clone(), self.was_read.clone(), self.stopped.clone());
        Self { shared, was_read, stopped }
    }
}

impl<P> fmt::Debug for ReadModel<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadModel").finish_non_exhaustive()
    }
}

impl<P: Default> Default for ReadModel<P> {
    fn default() -> Self {
        let shared = Arc::new(RwLock::new(P::default()));
        Self { shared, was_read: ReadMark::default(), stopped: Arc::default() }
    }
}

impl<P> ReadModel<P> {
    /// Reads the projection. Updates wait while `ask` runs, so it should be quick.
    pub fn read<R>(&self, ask: impl FnOnce(&P) -> R) -> R {
        self.was_read.set();
        self.look(ask)
    }

    /// Reads it as [`read`](Self::read) does, for what is no answer: nobody who is answered is told that it is held.
    pub fn look<R>(&self, ask: impl FnOnce(&P) -> R) -> R {
        ask(&self.shared.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why the projection has stopped, if it has: it knows no later events.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.get().map(|reason| &**reason)
    }

    pub(super) fn stop(&self, reason: &str) {
        // An error means that it has stopped already.
        let _ = self.stopped.set(reason.into());
    }

    pub(in crate::engine) fn was_read(&self) -> ReadMark {
        self.was_read.clone()
    }

    /// Locks the projection for a change.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, P> {
        self.shared.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the projection. A panic that poisoned the lock concerned the previous one.
    pub(super) fn replace(&self, fresh: P) {
        *self.write() = fresh;
        self.shared.clear_poison();
    }
}
