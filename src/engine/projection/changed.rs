//! Tracking which keys have changed.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

/// A set of keys.
pub(super) type Keys<K> = HashSet<K, RandomState>;

/// The keys that have changed since the last [`Changed::take`]. Tracking starts with the first one, so that it costs
/// nothing where rows are not stored.
///
/// `take` needs only `&self`: it is called under the read lock of a read model, so that other readers need not wait.
pub(super) struct Changed<K>(Mutex<Option<Keys<K>>>);

impl<K> Changed<K> {
    /// Whether changes are tracked.
    pub(super) fn is_tracked(&self) -> bool {
        self.lock().is_some()
    }

    /// The keys that have changed since the last call; `None` if this is the first. Starts tracking.
    pub(super) fn take(&self) -> Option<Keys<K>> {
        let mut keys = self.lock();
        let capacity = keys.as_ref().map_or(0, HashSet::len);
        keys.replace(HashSet::with_capacity_and_hasher(capacity, RandomState::default()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Keys<K>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> Changed<K> {
    pub(super) fn note(&mut self, key: &K) {
        let keys = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = keys
            && !keys.contains(key)
        {
            keys.insert(key.clone());
        }
    }
}

impl<K> Default for Changed<K> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

/// A clone is not tracked yet.
impl<K> Clone for Changed<K> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Always equal: tracking is not part of a collection's value.
impl<K> PartialEq for Changed<K> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<K> Eq for Changed<K> {}

impl<K> fmt::Debug for Changed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").finish_non_exhaustive()
    }
}
