//! Whatever byte of a file is changed, wherever it is cut, whatever page of it is lost or is another one: opening or
//! verifying it says so, or every answer is right. That holds for what a killed program has left, and for a closed file.
//!
//! By default every 149th byte that is written is tried, and every 211th length. `EVERY_BYTE=1` tries all of them.

use std::path::Path;

use cqrs_bank::engine::log::{Moment, Position, Version};
use cqrs_bank::engine::store::handler_records::{
    HandlerRecords, ParkedChange, ParkedEvent, Progress, ProjectionUpdate,
};
use cqrs_bank::engine::store::{EventStore, StoreError, Verification};
use tempfile::TempDir;
use uuid::Uuid;

use crate::files::{COMPANIONS, Copy, OpenFile, append, open, stream, try_open, written};
use crate::in_memory::directory_in_memory;

/// Everything that can be asked of the log, as text.
async fn of_the_log(file: &OpenFile) -> Vec<Result<String, StoreError>> {
    fn text<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> Result<String, StoreError> {
        answer.map(|answer| format!("{answer:?}"))
    }
    let store = &file.store;
    let mut answers = vec![text(store.end().await), text(store.read_all(Position::START, 99).await)];
    for name in ["a", "b"] {
        answers.push(text(store.read_stream(&stream(name), Version::START, 99).await));
        // A snapshot saves time, and decides nothing: what counts is that one that is read is right.
        answers.push(store.read_from_snapshot(&stream(name), Moment::NOW, 99).await.map(|(snapshot, events)| {
            match snapshot {
                Some(snapshot) if name == "a" => format!("{snapshot:?} {events:?}"),
                Some(snapshot) => format!("{snapshot:?}, of which there is none"),
                None => format!("{events:?}"),
            }
        }));
    }
    for command in 1..=3 {
        answers.push(text(store.read_command(Uuid::from_u128(command << 80)).await));
    }
    for (name, until) in ["a", "b"].into_iter().flat_map(|name| (0..=5).map(move |until| (name, until))) {
        let until = Moment::Position(Position::new(until));
        answers.push(store.stream_version(&stream(name), until).await.map(|version| format!("{version} {until:?}")));
    }
    answers
}

/// The same of what handlers and projections have written down.
async fn of_the_records(file: &OpenFile) -> Vec<Result<String, StoreError>> {
    let store = &file.store;
    let rows = async {
        let Some(mut stored) = store.read_projection("balances").await? else { return Ok(FOLDED_ANEW.to_owned()) };
        let mut rows = format!("{:?}", stored.checkpoint());
        while let Some(page) = stored.next_page().await? {
            rows += &format!(" {page:?}");
        }
        Ok(rows)
    };
    vec![
        store.read_progress("e-mail").await.map(|progress| format!("{progress:?}")),
        store.read_parked(0, 9).await.map(|parked| format!("{parked:?}")),
        rows.await,
    ]
}

/// A file with something of everything in it. Part of it stands in the file itself, part in the write-ahead log.
async fn file_with_everything(path: &Path) -> OpenFile {
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
        time: cqrs_bank::engine::log::Timestamp::from_micros(0),
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
    file
}

/// Where the answers on commands begin.
const FIRST_COMMAND: usize = 6;

/// No rows are as good as those that the log makes.
const FOLDED_ANEW: &str = "there are no rows";

/// What a whole file answers.
struct Expected {
    of_the_log: Vec<Result<String, StoreError>>,
    /// Where the snapshot is lost, all events of its stream are read.
    without_snapshot: Vec<Result<String, StoreError>>,
    of_the_records: Vec<Result<String, StoreError>>,
}

/// Tries one damage. Nobody verifies the file before it is asked: every answer is right, or an error.
async fn is_noticed_or_harmless(path: &Path, damaged: &Copy, expected: &Expected, what: &str) {
    damaged.put_back(path);
    let Ok(file) = try_open(path) else { return };
    let (log, records) = (of_the_log(&file).await, of_the_records(&file).await);
    for (index, answer) in log.iter().enumerate() {
        let right = [&expected.of_the_log[index], &expected.without_snapshot[index]];
        // Where the index of commands is another one, only verifying tells that a command is not found.
        let is_missed = index >= FIRST_COMMAND && answer.as_ref().is_ok_and(|answer| answer == "None");
        let is_harmless = answer.is_err() || right.contains(&answer) || is_missed;
        assert!(is_harmless, "{what}: the answer is {answer:?}, not {:?}", right[0]);
    }
    for (answer, right) in records.iter().zip(&expected.of_the_records) {
        let is_harmless = answer.as_ref().map_or(true, |answer| answer == FOLDED_ANEW);
        assert!(is_harmless || answer == right, "{what}: the answer is {answer:?}, not {right:?}");
    }
    if log == expected.of_the_log && records == expected.of_the_records {
        return;
    }
    let verification = file.store.verify(|_, _| {}).await;
    assert!(matches!(verification, Err(_) | Ok(Verification::Broken { .. })), "{what}: verifying does not say so");
}

/// A file to damage, and what it answers.
struct Original {
    directory: TempDir,
    copy: Copy,
    expected: Expected,
    state: &'static str,
}

/// As a killed program leaves it, and as it is when it is closed: one file.
async fn originals() -> [Original; 2] {
    let (used, closed) = (directory_in_memory(), directory_in_memory());
    let path = used.path().join("bank.db");
    let file = file_with_everything(&path).await;
    let in_use = Copy::of(&path);
    drop(file);
    let alone = Copy::of(&path);
    assert!(matches!(alone.0, [Some(_), None, None]), "a closed file is all there is");
    let original = async |directory: TempDir, copy: Copy, state| {
        let path = directory.path().join("bank.db");
        copy.put_back(&path);
        let file = open(&path);
        let of_the_log = of_the_log(&file).await;
        assert!(of_the_log.iter().all(Result::is_ok));
        let mut without_snapshot = of_the_log.clone();
        let events = file.store.read_stream(&stream("a"), Version::START, 99).await.unwrap();
        without_snapshot[3] = Ok(format!("{events:?}"));
        let of_the_records = of_the_records(&file).await;
        assert!(of_the_records.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer != FOLDED_ANEW)));
        let expected = Expected { of_the_log, without_snapshot, of_the_records };
        assert!(matches!(file.store.verify(|_, _| {}).await, Ok(Verification::Whole(_))));
        drop(file);
        Original { directory, copy, expected, state }
    };
    [original(used, in_use, "in use").await, original(closed, alone, "closed").await]
}

fn step(usual: usize) -> usize {
    if std::env::var_os("EVERY_BYTE").is_some() { 1 } else { usual }
}

/// Places in a file, fewer of them behind all that is written.
fn places(bytes: &[u8], step: usize, step_behind: usize) -> impl Iterator<Item = usize> {
    (0..written(bytes)).step_by(step).chain((written(bytes)..bytes.len()).step_by(step_behind))
}

impl Original {
    /// Each of the files that there are.
    fn files(&self) -> impl Iterator<Item = (usize, String, &[u8])> {
        COMPANIONS.iter().enumerate().filter_map(|(which, suffix)| {
            let bytes = self.copy.0[which].as_deref()?;
            Some((which, format!("bank.db{suffix}, {}", self.state), bytes))
        })
    }

    async fn try_damage(&self, what: &str, which: usize, damage: impl FnOnce(&mut Vec<u8>)) {
        let mut damaged = self.copy.clone();
        damage(damaged.0[which].as_mut().unwrap());
        is_noticed_or_harmless(&self.directory.path().join("damaged.db"), &damaged, &self.expected, what).await;
    }
}

#[tokio::test]
async fn a_byte_that_was_changed_is_noticed_or_does_no_harm() {
    for original in originals().await {
        for (which, name, bytes) in original.files() {
            for byte in places(bytes, step(149), step(9_973)) {
                let what = format!("byte {byte} of {name}");
                original.try_damage(&what, which, |bytes| bytes[byte] ^= 1 << (byte % 8)).await;
            }
        }
    }
}

#[tokio::test]
async fn a_file_cut_anywhere_is_noticed_or_has_everything() {
    for original in originals().await {
        for (which, name, bytes) in original.files() {
            for cut in places(bytes, step(211), step(9_973)) {
                original.try_damage(&format!("{name} cut at {cut}"), which, |bytes| bytes.truncate(cut)).await;
            }
        }
    }
}

/// A closed file that is gone is gone: nothing is left that could tell.
#[tokio::test]
async fn a_file_that_is_gone_from_beside_the_others_is_noticed_or_not_missed() {
    let [original, _] = originals().await;
    for (which, name, _) in original.files() {
        let mut damaged = original.copy.clone();
        damaged.0[which] = None;
        let path = original.directory.path().join("damaged.db");
        is_noticed_or_harmless(&path, &damaged, &original.expected, &format!("no {name}")).await;
    }
}

const PAGE: usize = 4_096;

fn page(bytes: &[u8], number: usize) -> Vec<u8> {
    bytes[number * PAGE..(number + 1) * PAGE].to_vec()
}

fn set_page(bytes: &mut [u8], number: usize, page: &[u8]) {
    bytes[number * PAGE..(number + 1) * PAGE].copy_from_slice(page);
}

#[tokio::test]
async fn a_page_that_is_empty_or_another_one_is_noticed_or_does_no_harm() {
    for original in originals().await {
        let (_, name, bytes) = original.files().next().unwrap();
        let pages = bytes.len() / PAGE;
        for number in 0..pages {
            original
                .try_damage(&format!("page {number} of {name} is empty"), 0, |bytes| {
                    set_page(bytes, number, &[0; PAGE]);
                })
                .await;
            for other in (0..pages).filter(|other| *other != number) {
                original
                    .try_damage(&format!("page {number} of {name} is {other}"), 0, |bytes| {
                        let page = page(bytes, other);
                        set_page(bytes, number, &page);
                    })
                    .await;
            }
            for other in 0..number {
                original
                    .try_damage(&format!("pages {number} and {other} of {name} are swapped"), 0, |bytes| {
                        let (one, two) = (page(bytes, number), page(bytes, other));
                        set_page(bytes, number, &two);
                        set_page(bytes, other, &one);
                    })
                    .await;
            }
        }
    }
}
