//! Whatever byte of a file is changed, and wherever it is cut: opening or verifying it says so, or every answer is
//! right.
//!
//! By default every 53rd byte is tried, and every 211th length. `EVERY_BYTE=1` tries all of them.

use std::path::{Path, PathBuf};

use cqrs_bank::engine::event::{Position, Version};
use cqrs_bank::engine::moment::Moment;
use cqrs_bank::engine::store::handler_records::{
    HandlerRecords, ParkedChange, ParkedEvent, Progress, ProjectionUpdate,
};
use cqrs_bank::engine::store::sqlite::Verification;
use cqrs_bank::engine::store::{EventStore, StoreError};
use tempfile::TempDir;
use uuid::Uuid;

use crate::files::{COMPANIONS, Copy, OpenFile, append, open, stream, try_open};

/// Everything that can be asked, as text.
async fn answers(file: &OpenFile) -> Result<Vec<String>, StoreError> {
    let store = &file.store;
    let mut answers = vec![format!("{:?}", store.end().await?)];
    answers.push(format!("{:?}", store.read_all(Position::START, 99).await?));
    for name in ["a", "b"] {
        answers.push(format!("{:?}", store.read_stream(&stream(name), Version::START, 99).await?));
        for until in 0..=5 {
            let version = store.stream_version(&stream(name), Moment::Position(Position::new(until))).await?;
            answers.push(format!("{version} until {until}"));
        }
        // A snapshot saves time, and decides nothing: what counts is that one that is read is right.
        let (snapshot, events) = store.read_from_snapshot(&stream(name), Moment::NOW, 99).await?;
        if let Some(snapshot) = snapshot {
            answers.push(format!("{snapshot:?} {events:?}"));
        }
    }
    for command in 1..=3 {
        answers.push(format!("{:?}", store.read_command(Uuid::from_u128(command << 80)).await?));
    }
    answers.push(format!("{:?}", store.read_progress("e-mail").await?));
    answers.push(format!("{:?}", store.read_parked(0, 9).await?));
    let Some(mut stored) = store.read_projection("balances").await? else { return Ok(answers) };
    answers.push(format!("{:?}", stored.checkpoint()));
    while let Some(rows) = stored.next_page().await? {
        answers.push(format!("{rows:?}"));
    }
    Ok(answers)
}

/// A file with something of everything in it. Part of it stands in the file itself, part in the write-ahead log.
async fn file_with_everything(path: &Path) {
    let file = open(path);
    let mut first = append(Uuid::from_u128(1 << 80), "a", 0, &[1, 2]);
    first.snapshot = Some("after two".into());
    file.store.append(vec![first]).await.unwrap().remove(0).unwrap();
    let progress = Progress { checkpoint: Position::new(1), attempts: 1, state: Some("state".into()) };
    let parked = ParkedEvent {
        number: 0,
        handler: "e-mail".to_owned(),
        position: Position::new(1),
        attempts: 5,
        reason: "no answer".to_owned(),
        time: cqrs_bank::engine::clock::Timestamp::from_micros(0),
    };
    file.store.write_progress("e-mail", progress, ParkedChange::Park(parked)).await.unwrap();
    let rows = vec![("a".into(), Some("1".into())), ("b".into(), Some("2".into()))];
    let (projection, checkpoint) = ("balances".to_owned(), Position::new(2));
    let update = ProjectionUpdate { projection, checkpoint, rows, ..ProjectionUpdate::default() };
    file.store.write_projections(vec![update]).await.unwrap();
    rusqlite::Connection::open(path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    for (command, name, number) in [(2, "b", 3), (3, "b", 4)] {
        let append = append(Uuid::from_u128(command << 80), name, number - 3, &[number]);
        file.store.append(vec![append]).await.unwrap().remove(0).unwrap();
    }
}

/// Tries one damage.
async fn is_noticed_or_harmless(path: &Path, damaged: &Copy, expected: &[String], what: &str) {
    damaged.put_back(path);
    let Ok(file) = try_open(path) else { return };
    let answers = answers(&file).await;
    if answers.as_ref().is_ok_and(|answers| answers == expected) {
        return;
    }
    let verification = file.store.verify(|_, _| {}).await;
    assert!(
        matches!(verification, Err(_) | Ok(Verification::Broken { .. })),
        "{what}: nobody says so, and the answers are {answers:#?}"
    );
}

async fn original() -> (TempDir, PathBuf, Copy, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    file_with_everything(&path).await;
    let copy = Copy::of(&path);
    copy.put_back(&path);
    let file = open(&path);
    let expected = answers(&file).await.unwrap();
    assert!(matches!(file.store.verify(|_, _| {}).await, Ok(Verification::Whole(_))));
    drop(file);
    (directory, path, copy, expected)
}

fn step(usual: usize) -> usize {
    if std::env::var_os("EVERY_BYTE").is_some() { 1 } else { usual }
}

#[tokio::test]
async fn a_byte_that_was_changed_is_noticed_or_does_no_harm() {
    let (directory, _, copy, expected) = original().await;
    for (which, suffix) in COMPANIONS.into_iter().enumerate() {
        let length = copy.0[which].as_ref().unwrap().len();
        for byte in (0..length).step_by(step(53)) {
            let path = directory.path().join("damaged.db");
            let mut damaged = copy.clone();
            damaged.0[which].as_mut().unwrap()[byte] ^= 1 << (byte % 8);
            is_noticed_or_harmless(&path, &damaged, &expected, &format!("byte {byte} of bank.db{suffix}")).await;
        }
    }
}

#[tokio::test]
async fn a_file_cut_anywhere_is_noticed_or_has_everything() {
    let (directory, _, copy, expected) = original().await;
    for (which, suffix) in COMPANIONS.into_iter().enumerate() {
        let length = copy.0[which].as_ref().unwrap().len();
        for cut in (0..length).step_by(step(211)) {
            let path = directory.path().join("cut.db");
            let mut damaged = copy.clone();
            damaged.0[which].as_mut().unwrap().truncate(cut);
            is_noticed_or_harmless(&path, &damaged, &expected, &format!("bank.db{suffix} cut at {cut}")).await;
        }
        let mut damaged = copy.clone();
        damaged.0[which] = None;
        is_noticed_or_harmless(&directory.path().join("cut.db"), &damaged, &expected, &format!("no bank.db{suffix}"))
            .await;
    }
}
