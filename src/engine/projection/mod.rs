//! Read models: folds of events into answers.

mod changed;
mod host;
mod read_model;
mod row_cell;
mod row_log;
mod row_map;
mod rows;
mod stored_fields;
mod stored_rows;

pub(super) use self::host::{Host, Hosted};
pub use self::read_model::ReadModel;
pub use self::row_cell::RowCell;
pub use self::row_log::{LogRow, RowLog};
pub use self::row_map::RowMap;
pub use self::rows::{RowWriter, Rows, UnreadableRow, UnwritableRow, WhichRows};
pub use self::stored_fields::{StoredField, StoredFields, rows};
pub use self::stored_rows::StoredRows;
use crate::engine::log::RecordedEvent;

/// A fold over all events. The default value is the read model of an empty store.
pub trait Projection<E>: Default + Send + Sync + 'static {
    /// The handler's name, as people see it. It does not begin with a colon, as that of no handler does.
    const NAME: &'static str;

    /// The fields that a store keeps when it outlives the process, so that the read model need not be folded from the
    /// whole log when it is opened again: [`rows!`](crate::rows) names them. They are all that the read model knows.
    /// `None` for one that is always folded.
    const ROWS: Option<StoredFields<Self>> = None;

    /// Takes an event in. Pure and total, as [`Aggregate::apply`](crate::engine::domain::Aggregate::apply) is: a
    /// read model can be thrown away and folded again from the log at any time.
    fn project(&mut self, event: &RecordedEvent<E>);
}
