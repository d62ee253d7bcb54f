//! A projection as its readers see it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// A projection as its readers see it. Cheap to clone.
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
    /// Asks the read model; updates wait meanwhile, so the question should be a quick one.
    pub fn read<R>(&self, ask: impl FnOnce(&P) -> R) -> R {
        ask(&self.shared.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes it; readers wait meanwhile.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, P> {
        self.shared.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows another read model in its place, whole whatever has happened to the one before.
    pub(super) fn replace(&self, fresh: P) {
        *self.write() = fresh;
        self.shared.clear_poison();
    }
}
