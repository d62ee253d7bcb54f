//! Read models: folds of events into answers.

mod changed_rows;
mod host;
mod read_model;
pub mod stored_row;
mod stored_rows;

use std::fmt;

use thiserror::Error;

pub(super) use self::host::{Host, Hosted};
pub use self::read_model::ReadModel;
pub use self::stored_rows::StoredRows;
use super::event::RecordedEvent;
use super::store::handler_records::ProjectionRow;

/// A fold over all events. The default value is the read model of an empty store.
pub trait Projection<E>: Default + Send + Sync + 'static {
    /// The handler's name, as people see it. It does not begin with a colon, as that of no handler does.
    const NAME: &'static str;

    /// Takes an event in. Pure and total, as [`Aggregate::apply`](super::aggregate::Aggregate::apply) is: a
    /// read model can be thrown away and folded again from the log at any time.
    fn project(&mut self, event: &RecordedEvent<E>);

    /// Whether an event changes anything here. One that does not is passed over without a lock.
    fn concerns(event: &RecordedEvent<E>) -> bool {
        let _ = event;
        true
    }

    /// The form of the rows that a store keeps of it when that outlives the process, so that the read model need not
    /// be folded from the whole log when it is opened again. Rows of another form are left alone. `None` for a read
    /// model that is always folded.
    const ROWS: Option<u16> = None;

    /// Names each row that an event has just changed.
    fn changed_rows(&self, event: &RecordedEvent<E>, name: &mut dyn FnMut(&str)) {
        let _ = (event, name);
    }

    /// Names each row there is.
    fn all_rows(&self, name: &mut dyn FnMut(&str)) {
        let _ = name;
    }

    /// A row as JSON; `None` if there is none of this name.
    fn row(&self, name: &str) -> Option<Box<str>> {
        let _ = name;
        None
    }

    /// Takes a row back. They come in the order of their names.
    ///
    /// # Errors
    ///
    /// What is wrong with the row: then all are left alone, and the read model is folded from the log.
    fn restore_row(&mut self, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let _ = row;
        Ok(())
    }
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
