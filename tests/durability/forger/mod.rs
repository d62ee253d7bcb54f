//! Forges a closed file as a reader of `docs/file-format.md` can: every hash matches the changed rows. Only the log and its
//! hash chain stay as they are.

use std::path::Path;

use cqrs_bank::bank::{AccountEvent, BookingDetails, Outgoing};
use cqrs_bank::engine::log::{Metadata, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd};
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::accounts::{account, money};

/// Changes rows, and recomputes all hashes outside the log.
pub(crate) fn forge(path: &Path, change: &str) {
    let file = Connection::open(path).unwrap();
    file.execute_batch(change).unwrap_or_else(|error| panic!("{change}: {error}"));
    sign(&file);
}

/// Recomputes all hashes outside the log.
pub(crate) fn sign(file: &Connection) {
    sign_snapshots(file);
    sign_projections(file);
    sign_handlers(file);
    sign_parked(file);
}

/// Adds a reservation of 25 at Wolfman's account, which has version 2, for Dracula. No program has answered it yet.
pub(crate) async fn leave_a_transfer_under_way(path: &Path) {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    let transfer_id = Uuid::from_u128(7).into();
    let outgoing = Outgoing {
        account_id: account("Wolfman"),
        payee: account("Dracula"),
        transfer_id,
        amount: money(25),
        details: BookingDetails::NONE,
    };
    let append = Append {
        stream: StreamId::new("account", &"Wolfman"),
        expected_version: Version::new(2),
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::from_u128(7)),
        events: vec![AccountEvent::MoneyReserved(Box::new(outgoing))],
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    };
    store.append(vec![append]).await.unwrap().remove(0).unwrap();
    supervisor.stop(StopReason::Closed);
    supervisor.ended().await;
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

/// The sum of hashes: four numbers, each added for itself.
fn sum(hashes: &[Vec<u8>]) -> Vec<u8> {
    let mut sum = [0_u64; 4];
    for hash in hashes {
        for (sum, lane) in sum.iter_mut().zip(hash.chunks(8)) {
            *sum = sum.wrapping_add(u64::from_be_bytes(lane.try_into().unwrap()));
        }
    }
    sum.iter().flat_map(|lane| lane.to_be_bytes()).collect()
}

fn each(file: &Connection, sql: &str, mut visit: impl FnMut(&rusqlite::Row<'_>)) {
    let mut statement = file.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        visit(row);
    }
}

fn number(row: &rusqlite::Row<'_>, column: &str) -> [u8; 8] {
    row.get::<_, i64>(column).unwrap().to_be_bytes()
}

fn text(row: &rusqlite::Row<'_>, column: &str) -> String {
    row.get(column).unwrap()
}

fn sign_snapshots(file: &Connection) {
    let sql = "SELECT snapshots.*, coalesce(events.hash, x'') AS event FROM snapshots
        LEFT JOIN events ON events.position = snapshots.position";
    each(file, sql, |row| {
        let numbers = ["stream", "position", "version", "time"].map(|column| number(row, column));
        let (state, event) = (text(row, "state"), row.get::<_, Vec<u8>>("event").unwrap());
        let [stream, position, version, time] = &numbers;
        let hash = hash(&[stream, position, version, time, state.as_bytes(), &event]);
        let key = (row.get::<_, i64>("stream").unwrap(), row.get::<_, i64>("position").unwrap());
        file.execute("UPDATE snapshots SET hash = ?1 WHERE (stream, position) = (?2, ?3)", params![hash, key.0, key.1])
            .unwrap();
    });
}

fn sign_projections(file: &Connection) {
    each(file, "SELECT * FROM projection_rows", |row| {
        let [projection, key, data] = ["projection", "key", "data"].map(|column| text(row, column));
        let hash = hash(&[projection.as_bytes(), key.as_bytes(), data.as_bytes()]);
        let sql = "UPDATE projection_rows SET hash = ?1 WHERE (projection, key) = (?2, ?3)";
        file.execute(sql, params![hash, projection, key]).unwrap();
    });
    each(file, "SELECT * FROM projections", |row| {
        let projection = text(row, "projection");
        let hashes = hashes(file, &format!("SELECT hash FROM projection_rows WHERE projection = '{projection}'"));
        let (rows, rows_hash) = (hashes.len() as i64, sum(&hashes));
        let checkpoint = number(row, "checkpoint");
        let sql = "SELECT hash FROM events WHERE position = ?1";
        let event = file.query_row(sql, [i64::from_be_bytes(checkpoint)], |row| row.get(0)).unwrap_or(vec![0; 32]);
        let hash = hash(&[projection.as_bytes(), &checkpoint, &rows.to_be_bytes(), &rows_hash, &event]);
        let sql = "UPDATE projections SET rows = ?1, rows_hash = ?2, hash = ?3 WHERE projection = ?4";
        file.execute(sql, params![rows, rows_hash, hash, projection]).unwrap();
    });
}

fn sign_handlers(file: &Connection) {
    each(file, "SELECT * FROM handlers", |row| {
        let handler = text(row, "handler");
        let attempts = row.get::<_, u32>("attempts").unwrap_or_default().to_be_bytes();
        let state = row.get::<_, Option<String>>("state").unwrap();
        let marked: [&[u8]; 2] = match &state {
            Some(state) => [b"state", state.as_bytes()],
            None => [b"", b""],
        };
        let hash = hash(&[handler.as_bytes(), &number(row, "checkpoint"), &attempts, marked[0], marked[1]]);
        file.execute("UPDATE handlers SET hash = ?1 WHERE handler = ?2", params![hash, handler]).unwrap();
    });
    sign_set(file, "handlers");
}

fn sign_parked(file: &Connection) {
    each(file, "SELECT * FROM parked_events", |row| {
        let [number_of_it, position, time] = ["number", "position", "time"].map(|column| number(row, column));
        let [handler, reason] = ["handler", "reason"].map(|column| text(row, column));
        let attempts = row.get::<_, u32>("attempts").unwrap_or_default().to_be_bytes();
        let parts: [&[u8]; 6] = [&number_of_it, handler.as_bytes(), &position, &attempts, reason.as_bytes(), &time];
        let sql = "UPDATE parked_events SET hash = ?1 WHERE number = ?2";
        file.execute(sql, params![hash(&parts), i64::from_be_bytes(number_of_it)]).unwrap();
    });
    sign_set(file, "parked_events");
}

fn sign_set(file: &Connection, table: &str) {
    let hashes = hashes(file, &format!("SELECT hash FROM {table}"));
    let (rows, rows_hash) = (hashes.len() as i64, sum(&hashes));
    let hash = hash(&[table.as_bytes(), &rows.to_be_bytes(), &rows_hash]);
    let sql = "UPDATE row_sets SET rows = ?1, rows_hash = ?2, hash = ?3 WHERE name = ?4";
    file.execute(sql, params![rows, rows_hash, hash, table]).unwrap();
}

fn hashes(file: &Connection, sql: &str) -> Vec<Vec<u8>> {
    let mut hashes = Vec::new();
    each(file, sql, |row| hashes.push(row.get(0).unwrap()));
    hashes
}
