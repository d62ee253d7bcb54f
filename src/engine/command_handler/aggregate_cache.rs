//! Loaded aggregates, within a bound.
//!
//! Two generations: what is used moves to the young one; when that is full, it becomes the old one and what
//! was old is dropped. Unlike a list of recent use, a hit in the young generation writes nothing, which
//! shows when there are more accounts than fit into the processor's cache.

use std::hash::Hash;
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;

type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A map that forgets what was not used for long.
#[derive(Debug)]
pub(super) struct AggregateCache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation: usize,
}

impl<K: Eq + Hash, V> AggregateCache<K, V> {
    /// Holds at most `2 * generation` values, and never forgets the `generation` used last.
    pub(super) fn new(generation: NonZeroUsize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), generation: generation.get() }
    }

    /// Whether `key` is held. If so, it now counts as used.
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

    /// The value of a key in the young generation, where [`Self::touch`] puts it.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.young.get_mut(key)
    }

    /// Holds a value that was not held before.
    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() == self.generation {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Forgets a value.
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
    fn what_was_used_last_is_never_forgotten() {
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
    fn what_is_removed_is_gone_from_both_generations() {
        let mut cache = cache(1);
        cache.insert(1, 10);
        cache.insert(2, 20);
        cache.remove(&1);
        cache.remove(&2);
        assert!(!cache.touch(&1) && !cache.touch(&2));
    }
}
