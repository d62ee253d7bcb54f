//! Rows of projections as JSON, and the names of those that stand in the order of the log.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::UnreadableRow;
use crate::engine::event::Position;
use crate::engine::store::handler_records::ProjectionRow;

/// A row's data. What a read model holds can always be written.
pub fn write(data: &impl Serialize) -> Option<Box<str>> {
    serde_json::to_string(data).ok().map(String::into_boxed_str)
}

/// What was written of a row.
///
/// # Errors
///
/// [`UnreadableRow`]: what is wrong with it.
pub fn read<D: DeserializeOwned>(row: &ProjectionRow) -> Result<D, UnreadableRow> {
    serde_json::from_str(&row.data).map_err(|error| UnreadableRow::new(row, error))
}

/// The name of a row that belongs to a position: names sort as positions do.
pub fn name_of(position: Position) -> String {
    format!("{position:020}")
}

/// The position that a row belongs to by its name, if it does to one.
pub fn position_of(name: &str) -> Option<Position> {
    name.parse().ok().map(Position::new)
}
