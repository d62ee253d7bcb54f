//! A bounded cache of loaded aggregates, with two generations.
//!
//! An entry that is used moves to the young generation. When the young generation is full, it becomes the old one, and the
//! previous old one is dropped. Unlike an LRU list, a hit in the young generation writes nothing, which is faster when the
//! aggregates do not fit into the processor's cache.

use std::hash::Hash;
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;

type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A map that evicts entries not used recently.
#[derive(Debug)]
pub(super) struct AggregateCache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation: usize,
}

impl<K: Eq + Hash, V> AggregateCache<K, V> {
    /// A cache of at most `2 * generation` entries, which never evicts the `generation` entries used last.
    pub(super) fn new(generation: NonZeroUsize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), generation: generation.get() }
    }

    /// Whether the cache holds `key`. If so, the entry counts as used now.
    pub(super) fn touch(&mut self, key: &K) -> bool {
        if self.young.contains_key(key) {
            return true;
        }
        match self.old.remove_entry(key) {
            Some((key, value)) => {
                self.insert(key, value);
                true
            }
            None => false,
        }
    }

    /// The value of a key in the young generation; [`Self::touch`] moves it there.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.young.get_mut(key)
    }

    /// Adds an entry that the cache does not hold.
    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() == self.generation {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Removes an entry.
    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(generation: usize) -> AggregateCache<u32, u32> {
        AggregateCache::new(NonZeroUsize::new(generation).unwrap())
    }

    #[test]
    fn recently_used_entries_are_never_evicted() {
        let mut cache = cache(3);
        for key in 0..100 {
            cache.insert(key, key * 10);
            for recent in key.saturating_sub(2)..=key {
                assert!(cache.touch(&recent), "{recent} after {key}");
                assert_eq!(cache.get_mut(&recent), Some(&mut (recent * 10)));
            }
            assert!(cache.young.len() + cache.old.len() <= 6, "twice the generation is the bound");
        }
        assert!(!cache.touch(&0));
    }

    #[test]
    fn an_entry_is_removed_from_either_generation() {
        let mut cache = cache(1);
        cache.insert(1, 10);
        cache.insert(2, 20);
        cache.remove(&1);
        cache.remove(&2);
        assert!(!cache.touch(&1) && !cache.touch(&2));
    }
}
