//! A list in log order, stored with one row per entry.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Deref;

use foldhash::fast::RandomState;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::changed::Changed;
use super::rows::{self, RowWriter, Rows, UnreadableRow, WhichRows};
use crate::engine::log::Position;
use crate::engine::store::handler_records::ProjectionRow;

/// An entry of a [`RowLog`]. Each entry begins with an event.
pub trait LogRow {
    /// The key that finds an entry.
    type Key: Clone + Eq + Hash;

    /// The position of the entry's first event. Must be unique, and must never change.
    fn position(&self) -> Position;

    /// The entry's key, if it has one. Must never change. Of entries with equal keys, the last one is found.
    fn key(&self) -> Option<Self::Key> {
        None
    }
}

/// A list in log order, stored with one row per entry: the row's name is the position, padded with zeros to 20 digits, and
/// its data is the entry as JSON. The list derefs to a slice, and entries can be found by key.
///
/// The list [tracks](Rows) its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLog<R: LogRow> {
    entries: Vec<R>,
    indices: HashMap<R::Key, usize, RandomState>,
    changed: Changed<usize>,
}

impl<R: LogRow> Default for RowLog<R> {
    fn default() -> Self {
        Self { entries: Vec::new(), indices: HashMap::default(), changed: Changed::default() }
    }
}

impl<R: LogRow> Deref for RowLog<R> {
    type Target = [R];

    fn deref(&self) -> &[R] {
        &self.entries
    }
}

impl<R: LogRow> RowLog<R> {
    /// The entry with a key.
    pub fn find<Q>(&self, key: &Q) -> Option<&R>
    where
        R::Key: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.indices.get(key).map(|index| &self.entries[*index])
    }

    /// The entry with a key, for changing it.
    pub fn find_mut<Q>(&mut self, key: &Q) -> Option<&mut R>
    where
        R::Key: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let index = *self.indices.get(key)?;
        self.changed.note(&index);
        Some(&mut self.entries[index])
    }

    /// Appends an entry.
    ///
    /// # Panics
    ///
    /// If its position does not come after that of the last entry: each event can begin one entry, when it is projected.
    pub fn push(&mut self, entry: R) {
        assert!(self.can_be_next(&entry), "an entry of position {} comes too late", entry.position());
        self.changed.note(&self.entries.len());
        self.put(entry);
    }

    fn can_be_next(&self, entry: &R) -> bool {
        self.entries.last().is_none_or(|last| last.position() < entry.position())
    }

    fn put(&mut self, entry: R) {
        if let Some(key) = entry.key() {
            self.indices.insert(key, self.entries.len());
        }
        self.entries.push(entry);
    }
}

impl<R> Rows for RowLog<R>
where
    R: LogRow<Key: Send + Sync> + Serialize + DeserializeOwned + Send + Sync,
{
    fn is_tracked(&self) -> bool {
        self.changed.is_tracked()
    }

    fn track(&self) {
        self.changed.take();
    }

    fn write(&self, which: WhichRows, writer: &mut RowWriter<'_>) {
        let mut write = |entry: &R| writer.write(format_args!("{:020}", entry.position()), Some(entry));
        match self.changed.take() {
            Some(indices) if which == WhichRows::Changed => {
                indices.iter().for_each(|index| write(&self.entries[*index]))
            }
            _ => self.entries.iter().for_each(write),
        }
    }

    fn restore(&mut self, name: &str, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let entry: R = rows::read(row)?;
        if name.parse() != Ok(entry.position().get()) || !self.can_be_next(&entry) {
            return Err(UnreadableRow::new(row, "the entry belongs to another position"));
        }
        self.put(entry);
        Ok(())
    }
}
