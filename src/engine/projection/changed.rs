//! Which keys have changed since somebody asked.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

/// Keys, each once.
pub(super) type Keys<K> = HashSet<K, RandomState>;

/// Which keys have changed since somebody asked. Until then nothing is kept in mind, for nobody may ever ask.
///
/// It is asked while the read model is only being read, so that other readers need not wait.
pub(super) struct Changed<K>(Mutex<Option<Keys<K>>>);

impl<K> Changed<K> {
    /// Whether what changes is kept in mind.
    pub(super) fn is_followed(&self) -> bool {
        self.lock().is_some()
    }

    /// The keys that have changed since the last time; `None` where nobody has asked before. What changes from now on
    /// is kept in mind.
    pub(super) fn take(&self) -> Option<Keys<K>> {
        let mut keys = self.lock();
        let as_many = keys.as_ref().map_or(0, HashSet::len);
        keys.replace(HashSet::with_capacity_and_hasher(as_many, RandomState::default()))
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

/// Of a copy nobody has asked anything.
impl<K> Clone for Changed<K> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Two that hold the same are equal, whoever was asked what.
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
