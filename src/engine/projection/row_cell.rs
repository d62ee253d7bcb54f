//! A value that a store keeps in one row.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::changed::Changed;
use super::rows::{self, RowWriter, Rows, UnreadableRow, WhichRows};
use crate::engine::store::handler_records::ProjectionRow;

/// A value that a store keeps in one row, as JSON.
///
/// Whether it was changed it [keeps in mind](Rows).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowCell<V> {
    value: V,
    changed: Changed<()>,
}

impl<V> RowCell<V> {
    /// The value.
    pub fn get(&self) -> &V {
        &self.value
    }

    /// The value, to be changed.
    pub fn get_mut(&mut self) -> &mut V {
        self.changed.note(&());
        &mut self.value
    }
}

impl<V: Serialize + DeserializeOwned + Send + Sync> Rows for RowCell<V> {
    fn is_followed(&self) -> bool {
        self.changed.is_followed()
    }

    fn follow(&self) {
        self.changed.take();
    }

    fn write(&self, which: WhichRows, writer: &mut RowWriter<'_>) {
        let is_as_before = self.changed.take().is_some_and(|changed| changed.is_empty());
        if which == WhichRows::All || !is_as_before {
            writer.write("", Some(&self.value));
        }
    }

    fn restore(&mut self, name: &str, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        if !name.is_empty() {
            return Err(UnreadableRow::new(row, "there is one row, and this is another"));
        }
        self.value = rows::read(row)?;
        Ok(())
    }
}
