//! A map stored with one row per entry.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::hash::Hash;
use std::ops::RangeBounds;
use std::str::FromStr;

use foldhash::fast::RandomState;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::changed::Changed;
use super::rows::{self, RowWriter, Rows, UnreadableRow, WhichRows};
use crate::engine::store::handler_records::ProjectionRow;

/// A map stored with one row per entry: the row's name is the key's `Display` text, and its data is the value as JSON.
/// Lookup is as fast as in a hash map, and iteration is in key order.
///
/// The map [tracks](Rows) its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowMap<K: Eq + Hash, V> {
    values: HashMap<K, V, RandomState>,
    ordered: BTreeSet<K>,
    /// Keys that are still to be ordered. They are ordered all at once, which takes a fraction of the time and memory.
    restored: Vec<K>,
    changed: Changed<K>,
}

impl<K: Eq + Hash, V> Default for RowMap<K, V> {
    fn default() -> Self {
        Self { values: HashMap::default(), ordered: BTreeSet::new(), restored: Vec::new(), changed: Changed::default() }
    }
}

impl<K: Clone + Ord + Hash, V> RowMap<K, V> {
    /// The value of a key.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.values.get(key)
    }

    /// Whether the map has this key.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.values.contains_key(key)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the map is empty.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All entries in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.ordered.iter().map(|key| self.entry(key))
    }

    /// The entries whose keys are in a range, in key order.
    pub fn range<Q>(&self, range: impl RangeBounds<Q>) -> impl DoubleEndedIterator<Item = (&K, &V)>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.ordered.range(range).map(|key| self.entry(key))
    }

    /// The value of a key, for changing it.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.values.get_mut(key)?;
        self.changed.note(key);
        Some(value)
    }

    /// The value of a key, for changing it. Inserts `value()` if the key is missing.
    pub fn get_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        let entry = self.values.entry(key);
        self.changed.note(entry.key());
        match entry {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let value = value();
                self.ordered.insert(entry.key().clone());
                entry.insert(value)
            }
        }
    }

    /// Sets the value of a key. Returns the previous one.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.changed.note(&key);
        match self.values.entry(key) {
            Entry::Occupied(mut entry) => Some(entry.insert(value)),
            Entry::Vacant(entry) => {
                self.ordered.insert(entry.key().clone());
                entry.insert(value);
                None
            }
        }
    }

    /// Removes an entry. Returns its value.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + Hash + ?Sized,
    {
        let (key, value) = self.values.remove_entry(key)?;
        self.ordered.remove(key.borrow());
        self.changed.note(&key);
        Some(value)
    }

    fn entry<'a>(&'a self, key: &'a K) -> (&'a K, &'a V) {
        (key, &self.values[key])
    }
}

impl<K, V> Rows for RowMap<K, V>
where
    K: Clone + Ord + Hash + Display + FromStr<Err: Display> + Send + Sync,
    V: Serialize + DeserializeOwned + Send + Sync,
{
    fn is_tracked(&self) -> bool {
        self.changed.is_tracked()
    }

    fn track(&self) {
        self.changed.take();
    }

    fn write(&self, which: WhichRows, writer: &mut RowWriter<'_>) {
        match self.changed.take() {
            Some(keys) if which == WhichRows::Changed => keys.iter().for_each(|key| writer.write(key, self.get(key))),
            _ => self.iter().for_each(|(key, value)| writer.write(key, Some(value))),
        }
    }

    fn restore(&mut self, name: &str, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let key: K = name.parse().map_err(|error| UnreadableRow::new(row, error))?;
        if self.values.insert(key.clone(), rows::read(row)?).is_none() {
            self.restored.push(key);
        }
        Ok(())
    }

    fn restored(&mut self) {
        let restored = std::mem::take(&mut self.restored);
        if self.ordered.is_empty() {
            self.ordered = restored.into_iter().collect();
        } else {
            self.ordered.extend(restored);
        }
    }
}
