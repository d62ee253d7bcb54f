//! What handlers have written down, and the events that they have parked, no log says again: rows of it that are lost,
//! added or brought back from before are noticed.

use std::path::Path;

use cqrs_bank::engine::log::{Position, Timestamp};
use cqrs_bank::engine::store::Verification;
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent, Progress};
use rusqlite::Connection;

use crate::files::{open, try_open};

fn progress(checkpoint: u64) -> Progress {
    Progress { checkpoint: Position::new(checkpoint), attempts: 0, state: Some("paid: 10".into()) }
}

fn parked(number: u64, attempts: u32) -> ParkedEvent {
    let (position, time) = (Position::new(1), Timestamp::from_micros(0));
    ParkedEvent { number, handler: "e-mail".to_owned(), position, attempts, reason: "no answer".to_owned(), time }
}

/// A file with two handlers and two parked events; beside its tables, what they were before.
async fn file_with_records(path: &Path) {
    let file = open(path);
    file.append("a", 0, &[1, 2]).await;
    for _ in 0..3 {
        file.store.write_progress("e-mail", progress(1), ParkedChange::Park(parked(0, 5))).await.unwrap();
    }
    file.store.write_progress("bonus", progress(1), ParkedChange::Remove { number: 2 }).await.unwrap();
    Connection::open(path)
        .unwrap()
        .execute_batch(&format!(
            "ATTACH {:?} AS aside; CREATE TABLE aside.handlers AS SELECT * FROM main.handlers;
             CREATE TABLE aside.parked AS SELECT * FROM parked_events",
            path.with_extension("aside").display().to_string()
        ))
        .unwrap();
    file.store.write_progress("bonus", progress(2), ParkedChange::Keep(parked(3, 6))).await.unwrap();
}

/// What opening or verifying the file says is wrong with it, if anything.
async fn problem_after(change: &str) -> Option<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    file_with_records(&path).await;
    let aside = path.with_extension("aside").display().to_string();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(&format!("ATTACH {aside:?} AS aside; {change}")).unwrap();
    drop(connection);
    let file = match try_open(&path) {
        Ok(file) => file,
        Err(refused) => return Some(refused.to_string()),
    };
    match file.store.verify(|_, _| {}).await.unwrap() {
        Verification::Whole(_) => None,
        Verification::Broken { problem, .. } => Some(problem),
    }
}

#[tokio::test]
async fn nothing_is_wrong_with_what_was_written() {
    assert_eq!(problem_after("").await, None);
}

#[tokio::test]
async fn rows_that_are_lost_added_or_older_are_noticed() {
    for (change, problem) in [
        ("DELETE FROM main.handlers", "in the table handlers, rows are missing: 0 of 2 are there"),
        (
            "DELETE FROM main.handlers WHERE handler = 'bonus'",
            "in the table handlers, rows are missing: 1 of 2 are there",
        ),
        ("DELETE FROM parked_events", "in the table parked_events, rows are missing: 0 of 2 are there"),
        (
            "INSERT OR REPLACE INTO main.handlers SELECT * FROM aside.handlers",
            "in the table handlers, some rows are not the ones last written",
        ),
        (
            "INSERT OR REPLACE INTO parked_events SELECT * FROM aside.parked",
            "in the table parked_events, some rows are not the ones last written",
        ),
        ("DELETE FROM row_sets", "in the table handlers, rows were added: there are 2, not 0"),
        (
            "DELETE FROM row_sets WHERE name = 'parked_events'",
            "in the table parked_events, rows were added: there are 2, not 0",
        ),
        ("UPDATE row_sets SET rows = 1", "what is known of the rows of handlers"),
    ] {
        let noticed = problem_after(change).await;
        assert!(noticed.as_ref().is_some_and(|noticed| noticed.contains(problem)), "{change}: {noticed:?}");
    }
}

/// Where all is parked no longer, there is nothing to lose.
#[tokio::test]
async fn a_table_that_was_emptied_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    file_with_records(&path).await;
    let file = open(&path);
    for number in [1, 3] {
        file.store.write_progress("e-mail", progress(2), ParkedChange::Remove { number }).await.unwrap();
    }
    assert!(matches!(file.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
}
