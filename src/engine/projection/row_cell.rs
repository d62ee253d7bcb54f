//! A value stored in one row.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::changed::Changed;
use super::rows::{self, RowWriter, Rows, UnreadableRow, WhichRows};
use crate::engine::store::handler_records::ProjectionRow;

/// A value stored in one row, as JSON. It [tracks](Rows) whether it has changed.
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

    /// The value, for changing it.
    pub fn get_mut(&mut self) -> &mut V {
        self.changed.note(&());
        &mut self.value
    }
}

impl<V: Serialize + DeserializeOwned + Send + Sync> Rows for RowCell<V> {
    fn is_tracked(&self) -> bool {
        self.changed.is_tracked()
    }

    fn track(&self) {
        self.changed.take();
    }

    fn write(&self, which: WhichRows, writer: &mut RowWriter<'_>) {
        let is_unchanged = self.changed.take().is_some_and(|changed| changed.is_empty());
        if which == WhichRows::All || !is_unchanged {
            writer.write("", Some(&self.value));
        }
    }

    fn restore(&mut self, name: &str, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        if !name.is_empty() {
            return Err(UnreadableRow::new(row, "a cell has only one row"));
        }
        self.value = rows::read(row)?;
        Ok(())
    }
}
