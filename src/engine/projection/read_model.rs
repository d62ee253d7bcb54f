//! Shared access to a projection.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// A shared handle on a projection, for reading. Cheap to clone.
pub struct ReadModel<P> {
    shared: Arc<RwLock<P>>,
}

impl<P> Clone for ReadModel<P> {
    fn clone(&self) -> Self {
        let shared = self.shared.clone();
        Self { shared }
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
        Self { shared }
    }
}

impl<P> ReadModel<P> {
    /// Reads the projection. Updates wait while `ask` runs, so it should be quick.
    pub fn read<R>(&self, ask: impl FnOnce(&P) -> R) -> R {
        ask(&self.shared.read().unwrap_or_else(PoisonError::into_inner))
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
