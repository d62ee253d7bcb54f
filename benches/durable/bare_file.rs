//! The limit: a file that is only appended to, each record with its length and a CRC, one sync per batch.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use cqrs_bank::engine::store::codec::StoredEvent;

use crate::moved::Moved;

/// Appends `events` events, `in_flight` of them per sync.
pub(crate) fn run(directory: &Path, in_flight: usize, events: usize) -> Duration {
    let mut file = File::create_new(directory.join("bare")).unwrap();
    let mut buffer = Vec::new();
    let start = Instant::now();
    for batch in 0..events / in_flight {
        buffer.clear();
        for number in 0..in_flight {
            let event = batch * in_flight + number;
            let data = Moved::new(event % 1_000, event as u64).to_json().unwrap();
            // As long as the other fields of an event: ids, time, position, version.
            let mut record = [0; 80];
            record[..8].copy_from_slice(&(event as u64).to_le_bytes());
            let mut crc = crc32fast::Hasher::new();
            crc.update(&record);
            crc.update(data.as_bytes());
            buffer.extend_from_slice(&((record.len() + data.len()) as u32).to_le_bytes());
            buffer.extend_from_slice(&crc.finalize().to_le_bytes());
            buffer.extend_from_slice(&record);
            buffer.extend_from_slice(data.as_bytes());
        }
        file.write_all(&buffer).unwrap();
        file.sync_data().unwrap();
    }
    start.elapsed()
}
