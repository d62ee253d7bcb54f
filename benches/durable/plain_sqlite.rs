//! What one would write first: a table, an index on (stream, version), and a commit for each insert.

use std::path::Path;
use std::time::{Duration, Instant};

use cqrs_bank::engine::store::codec::StoredEvent;
use rusqlite::Connection;

use crate::moved::{Moved, stream_name};

/// Inserts events one commit each; how many would be in flight makes no difference.
pub(crate) fn run(directory: &Path, events: usize) -> Duration {
    let connection = Connection::open(directory.join("plain.db")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT, version INTEGER, type TEXT, data TEXT,
                 UNIQUE (stream, version));",
        )
        .unwrap();
    let mut insert =
        connection.prepare("INSERT INTO events (stream, version, type, data) VALUES (?1, ?2, ?3, ?4)").unwrap();
    let start = Instant::now();
    for event in 0..events {
        let (stream, version) = (event % 1_000, event / 1_000 + 1);
        let data = Moved::new(stream, event as u64).to_json().unwrap();
        insert.execute((stream_name(stream), version as i64, "money_moved_between_two_places", data)).unwrap();
    }
    start.elapsed()
}
