//! What the file holds: its tables, and reading and writing their rows.

pub(super) mod derived;
pub(super) mod expected_tables;
pub(super) mod format;
pub(super) mod handler_rows;
pub(super) mod hashed_row;
pub(super) mod in_use_mark;
pub(super) mod lease;
pub(super) mod log_links;
pub(super) mod log_place;
pub(super) mod numbers;
pub(super) mod parked_numbers;
pub(super) mod projection_rows;
pub(super) mod properties;
pub(super) mod records;
pub(super) mod row_set;
pub(super) mod row_sets;
pub(super) mod schema;
pub(super) mod snapshots;
pub(super) mod stored_log;
pub(super) mod stream_version;
pub(super) mod upgrade;
