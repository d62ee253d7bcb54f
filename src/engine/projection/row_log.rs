//! A list in the order of the log that a store keeps, a row for each entry.

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

/// What stands in a [`RowLog`]: it begins with an event.
pub trait LogRow {
    /// What it may be found by.
    type Key: Clone + Eq + Hash;

    /// The position of the event that it begins with. It never changes, and no two have the same.
    fn position(&self) -> Position;

    /// What it is found by, if it is looked for at all. It never changes. Of two with the same the later one is found.
    fn key(&self) -> Option<Self::Key> {
        None
    }
}

/// A list in the order of the log that a store keeps, a row for each entry: its name is the position, with as many digits
/// as the largest has, and its data the entry as JSON. It is read as a slice, and entries are found by their keys.
///
/// Whatever its functions change it [keeps in mind](Rows).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLog<R: LogRow> {
    entries: Vec<R>,
    places: HashMap<R::Key, usize, RandomState>,
    changed: Changed<usize>,
}

impl<R: LogRow> Default for RowLog<R> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: HashMap::default(), changed: Changed::default() }
    }
}

impl<R: LogRow> Deref for RowLog<R> {
    type Target = [R];

    fn deref(&self) -> &[R] {
        &self.entries
    }
}

impl<R: LogRow> RowLog<R> {
    /// The entry of a key.
    pub fn find<Q>(&self, key: &Q) -> Option<&R>
    where
        R::Key: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.places.get(key).map(|place| &self.entries[*place])
    }

    /// The entry of a key, to be changed.
    pub fn find_mut<Q>(&mut self, key: &Q) -> Option<&mut R>
    where
        R::Key: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let place = *self.places.get(key)?;
        self.changed.note(&place);
        Some(&mut self.entries[place])
    }

    /// Adds an entry at the end.
    ///
    /// # Panics
    ///
    /// Where it does not come after the last one: an event can have one entry, and its turn is when it is projected.
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
            self.places.insert(key, self.entries.len());
        }
        self.entries.push(entry);
    }
}

impl<R> Rows for RowLog<R>
where
    R: LogRow<Key: Send + Sync> + Serialize + DeserializeOwned + Send + Sync,
{
    fn is_followed(&self) -> bool {
        self.changed.is_followed()
    }

    fn follow(&self) {
        self.changed.take();
    }

    fn write(&self, which: WhichRows, writer: &mut RowWriter<'_>) {
        let mut write = |entry: &R| writer.write(format_args!("{:020}", entry.position()), Some(entry));
        match self.changed.take() {
            Some(places) if which == WhichRows::Changed => places.iter().for_each(|place| write(&self.entries[*place])),
            _ => self.entries.iter().for_each(write),
        }
    }

    fn restore(&mut self, name: &str, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let entry: R = rows::read(row)?;
        if name.parse() != Ok(entry.position().get()) || !self.can_be_next(&entry) {
            return Err(UnreadableRow::new(row, "it belongs to another position"));
        }
        self.put(entry);
        Ok(())
    }
}
