//! Projections: folds of events into read models.

mod changed;
mod host;
mod read_model;
mod row_cell;
mod row_log;
mod row_map;
mod rows;
mod stored_fields;
mod stored_rows;

pub(super) use self::host::{ProjectionHost, TypedHost};
pub(in crate::engine) use self::read_model::ReadMark;
pub use self::read_model::ReadModel;
pub use self::row_cell::RowCell;
pub use self::row_log::{LogRow, RowLog};
pub use self::row_map::RowMap;
pub use self::rows::{RowWriter, Rows, UnreadableRow, UnwritableRow, WhichRows};
pub use self::stored_fields::{StoredField, StoredFields, rows};
pub use self::stored_rows::StoredRows;
use crate::engine::log::RecordedEvent;

/// A fold over all events. The default value is the read model of an empty log.
pub trait Projection<E>: Default + Send + Sync + 'static {
    /// Its name for operators. Like every handler's name, it must not begin with a colon.
    const NAME: &'static str;

    /// The fields to store, named with [`rows!`](crate::rows), so that the read model need not be folded from the whole log
    /// after a restart. They must hold the entire state of the read model. With `None`, it is always folded.
    const ROWS: Option<StoredFields<Self>> = None;

    /// Folds an event. Pure and total, like [`Aggregate::apply`](crate::engine::domain::Aggregate::apply): the read model
    /// may be discarded and folded again at any time.
    fn project(&mut self, event: &RecordedEvent<E>);
}
