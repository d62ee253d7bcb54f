//! What a projection keeps in the file: a row for each entry.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::engine::store::handler_records::ProjectionRow;

/// A part of a projection that a store keeps in rows: a [`RowMap`](super::RowMap), a [`RowLog`](super::RowLog) or a
/// [`RowCell`](super::RowCell).
///
/// It keeps in mind by itself what changes in it, and only once somebody has asked: where rows are not stored, that costs
/// nothing. A new one and a copy have not been asked yet, so one that is put in the place of another is written whole.
pub trait Rows: Send + Sync {
    /// Whether it keeps in mind what changes.
    fn is_followed(&self) -> bool;

    /// Keeps in mind what changes from now on.
    fn follow(&self);

    /// Hands over the rows that have changed since the last time, or else all there are. What changes from now on is
    /// kept in mind.
    fn write(&self, which: WhichRows, writer: &mut RowWriter<'_>);

    /// Takes a row back, whose name here is `name`. They come in the order of their names.
    ///
    /// # Errors
    ///
    /// What is wrong with the row: then all are left alone, and the read model is folded from the log.
    fn restore(&mut self, name: &str, row: &ProjectionRow) -> Result<(), UnreadableRow>;
}

/// Which rows are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichRows {
    /// Those that have changed, or are gone, since rows were last asked for.
    Changed,
    /// All there are.
    All,
}

/// What becomes of a row: its name, and its data unless it is gone.
pub(super) type TakeRow<'a> = dyn FnMut(Box<str>, Option<Box<str>>) + 'a;

/// Takes rows as they are to be stored.
pub struct RowWriter<'a> {
    /// What the names of all rows begin with.
    pub(super) prefix: &'static str,
    pub(super) take: &'a mut TakeRow<'a>,
    pub(super) failed: Option<UnwritableRow>,
}

impl RowWriter<'_> {
    /// A row by its name, or that there is none of that name any more.
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

/// A row that has no form as JSON.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the row {name:?} cannot be written: {reason}")]
pub struct UnwritableRow {
    /// The row's name.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A row that is not one of this projection.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the stored row {name:?} cannot be read: {reason}")]
pub struct UnreadableRow {
    /// The row's name.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl UnreadableRow {
    /// Says what is wrong with a row.
    pub fn new(row: &ProjectionRow, reason: impl fmt::Display) -> Self {
        Self { name: row.key.to_string(), reason: reason.to_string() }
    }
}

/// What was written of a row.
pub(super) fn read<V: DeserializeOwned>(row: &ProjectionRow) -> Result<V, UnreadableRow> {
    serde_json::from_str(&row.data).map_err(|error| UnreadableRow::new(row, error))
}
