//! The stored rows of a projection.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::engine::store::handler_records::ProjectionRow;

/// A collection in a projection that is stored as rows: a [`RowMap`](super::RowMap), a [`RowLog`](super::RowLog) or a
/// [`RowCell`](super::RowCell).
///
/// The collection tracks its own changes once tracking is asked for, so that it costs nothing where rows are not stored. New
/// collections and clones are not tracked yet: a field that was assigned a new collection is written whole.
pub trait Rows: Send + Sync {
    /// Whether changes are tracked.
    fn is_tracked(&self) -> bool;

    /// Starts tracking changes.
    fn track(&self);

    /// Writes the rows that have changed since the last call, or all of them, and starts tracking. Writes all if changes
    /// were not tracked.
    fn write(&self, which: WhichRows, writer: &mut RowWriter<'_>);

    /// Restores a row; `name` is its name without the field's prefix. Rows come in the order of their names.
    ///
    /// # Errors
    ///
    /// [`UnreadableRow`]: the rows are then ignored, and the read model is folded from the log.
    fn restore(&mut self, name: &str, row: &ProjectionRow) -> Result<(), UnreadableRow>;

    /// All rows are restored. A collection that leaves something to do at once, such as sorting, does it now.
    fn restored(&mut self) {}
}

/// Which rows to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichRows {
    /// The rows that were changed or removed since the last write.
    Changed,
    /// All rows.
    All,
}

/// Takes a row's name and its data, or `None` for a removed row.
pub(super) type TakeRow<'a> = dyn FnMut(Box<str>, Option<Box<str>>) + 'a;

/// Collects rows to store.
pub struct RowWriter<'a> {
    /// Prepended to the names of all rows.
    pub(super) prefix: &'static str,
    pub(super) take: &'a mut TakeRow<'a>,
    pub(super) failed: Option<UnwritableRow>,
}

impl RowWriter<'_> {
    /// Writes a row; `None` removes the row of that name.
    pub fn write(&mut self, name: impl fmt::Display, value: Option<&impl Serialize>) {
        let name = format!("{}{name}", self.prefix).into_boxed_str();
        match value.map(serde_json::to_string).transpose() {
            Ok(data) => (self.take)(name, data.map(String::into_boxed_str)),
            Err(error) => self.failed = Some(UnwritableRow { name: name.into(), reason: error.to_string() }),
        }
    }
}

impl fmt::Debug for RowWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowWriter").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// A row whose value cannot be written as JSON.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the row {name:?} cannot be written: {reason}")]
pub struct UnwritableRow {
    /// The row's name.
    pub name: String,
    /// The problem.
    pub reason: String,
}

/// A stored row that does not belong to this projection.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the stored row {name:?} cannot be read: {reason}")]
pub struct UnreadableRow {
    /// The row's name.
    pub name: String,
    /// The problem.
    pub reason: String,
}

impl UnreadableRow {
    /// A row and what is wrong with it.
    pub fn new(row: &ProjectionRow, reason: impl fmt::Display) -> Self {
        Self { name: row.key.to_string(), reason: reason.to_string() }
    }
}

/// Reads a row's value.
pub(super) fn read<V: DeserializeOwned>(row: &ProjectionRow) -> Result<V, UnreadableRow> {
    serde_json::from_str(&row.data).map_err(|error| UnreadableRow::new(row, error))
}
