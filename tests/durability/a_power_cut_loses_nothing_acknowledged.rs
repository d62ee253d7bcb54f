//! A power cut takes what was not synced, in whole or in part; what was acknowledged is there, or the file is
//! refused.
//!
//! The files are copied after each step of a workload. What a cut leaves between two steps is put together from
//! the copies: everything that was synced before, and of what was written since any part.

use std::path::{Path, PathBuf};

use cqrs_bank::engine::store::{OpenStoreError, Verification};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::files::{Copy, open, try_open, written};
use crate::in_memory::directory_in_memory;

const FILE: usize = 0;
const LOG: usize = 1;
const END: usize = 2;

/// The length of the header of SQLite's write-ahead log.
const HEADER: usize = 32;

/// The files after a step, and how many events were acknowledged by then.
struct Step {
    copy: Copy,
    acknowledged: u64,
}

/// Appends events, some to a stream of its own, and moves the write-ahead log into the file now and then, so that
/// it begins anew.
async fn workload(path: &Path, from: u64, appends: u64) -> Vec<Step> {
    let file = open(path);
    let mut steps = vec![Step { copy: Copy::of(path), acknowledged: from }];
    for number in from..from + appends {
        let stream = if number % 3 == 0 { number.to_string() } else { format!("shared from {from}") };
        let version = if number % 3 == 0 { 0 } else { number - from - (number.div_ceil(3) - from.div_ceil(3)) };
        file.append(&stream, version, &[number + 1]).await;
        steps.push(Step { copy: Copy::of(path), acknowledged: number + 1 });
        if number % 5 == 4 {
            checkpoint(path);
            steps.push(Step { copy: Copy::of(path), acknowledged: number + 1 });
        }
    }
    steps
}

fn checkpoint(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(PASSIVE)").unwrap();
}

/// What a cut may leave of a file while it is changed from one content to another: `fresh` up to a place and the
/// old content after it, or the other way round.
fn torn(old: &[u8], new: &[u8], place: usize, fresh_first: bool) -> Vec<u8> {
    let part = |bytes: &[u8], from: usize, to: usize| {
        bytes.get(from.min(bytes.len())..to.min(bytes.len())).unwrap_or(&[]).to_vec()
    };
    let (first, second) = if fresh_first { (new, old) } else { (old, new) };
    let mut bytes = part(first, 0, place);
    let rest = part(second, place, usize::MAX);
    if !rest.is_empty() {
        bytes.resize(place, 0);
    }
    bytes.extend(rest);
    bytes
}

/// Every content that a cut may leave between two steps.
fn cuts(before: &Step, after: &Step) -> Vec<Copy> {
    let [old_file, old_log] = [FILE, LOG].map(|which| before.copy.0[which].clone().unwrap_or_default());
    let [new_file, new_log] = [FILE, LOG].map(|which| after.copy.0[which].clone().unwrap_or_default());
    let with = |which: usize, bytes: Vec<u8>| {
        // The end is never synced: it may be as it was.
        let mut copy = before.copy.clone();
        copy.0[which] = Some(bytes);
        copy
    };
    let mut copies = Vec::new();
    for page in 0..=new_file.len().max(old_file.len()) / 4_096 {
        if old_file != new_file {
            copies.push(with(FILE, torn(&old_file, &new_file, page * 4_096, true)));
            copies.push(with(FILE, torn(&old_file, &new_file, page * 4_096, false)));
        }
    }
    if old_log != new_log {
        // What is the same before and behind, such as the zeros that the log is lengthened with, is torn nowhere.
        let length = old_log.len().max(new_log.len());
        let changed = (0..length).filter(|place| old_log.get(*place) != new_log.get(*place));
        let (first, last) = changed.fold((length, 0), |(first, _), place| (first.min(place), place));
        for place in (first..=last).step_by(1_021).chain([last + 1, length]) {
            copies.push(with(LOG, torn(&old_log, &new_log, place, true)));
            if place > HEADER {
                // The header of a log that begins anew is synced before anything else is written.
                let mut bytes = torn(&old_log, &new_log, place, false);
                bytes.resize(bytes.len().max(HEADER), 0);
                bytes[..HEADER].copy_from_slice(&new_log[..HEADER]);
                copies.push(with(LOG, bytes));
            }
        }
    }
    copies
}

fn new_path() -> (TempDir, PathBuf) {
    let directory = directory_in_memory();
    let path = directory.path().join("bank.db");
    (directory, path)
}

#[tokio::test]
async fn a_cut_at_any_moment_loses_nothing_acknowledged() {
    let (directory, path) = new_path();
    let steps = workload(&path, 0, 14).await;
    let mut tried = 0;
    for (number, pair) in steps.windows(2).enumerate() {
        for (which, copy) in cuts(&pair[0], &pair[1]).into_iter().enumerate() {
            let path = directory.path().join("cut.db");
            copy.put_back(&path);
            has_all(&path, &pair[0], &pair[1], &format!("cut {which} in step {number}")).await;
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried} cuts were tried");
}

/// The file opens with everything that was acknowledged before the cut, and perhaps what was on its way.
async fn has_all(path: &Path, before: &Step, after: &Step, what: &str) {
    let file = match try_open(path) {
        Ok(file) => file,
        Err(error) => panic!("{what}: {error}"),
    };
    let numbers = file.numbers().await;
    let length = numbers.len() as u64;
    assert_eq!(numbers, (1..=length).collect::<Vec<_>>(), "{what}");
    assert!((before.acknowledged..=after.acknowledged).contains(&length), "{what}: {length} events");
    let verified = file.store.verify(|_, _| {}).await.unwrap();
    assert!(matches!(verified, Verification::Whole(_)), "{what}: {verified:?}");
}

#[tokio::test]
async fn a_second_cut_while_the_first_is_recovered_from_loses_nothing_either() {
    let (directory, path) = new_path();
    let steps = workload(&path, 0, 7).await;
    let mut tried = 0;
    for pair in steps.windows(2) {
        for copy in cuts(&pair[0], &pair[1]).into_iter().step_by(11) {
            let path = directory.path().join("once.db");
            copy.put_back(&path);
            let recovered = open(&path).numbers().await.len() as u64;
            for again in workload(&path, recovered, 3).await.windows(2) {
                for (which, copy) in cuts(&again[0], &again[1]).into_iter().enumerate().step_by(17) {
                    let path = directory.path().join("twice.db");
                    copy.put_back(&path);
                    has_all(&path, &again[0], &again[1], &format!("second cut {which}")).await;
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 100, "{tried} cuts were tried");
}

/// A disk that says that it has synced and has not.
#[tokio::test]
async fn a_log_that_lost_what_was_synced_is_refused() {
    let (directory, path) = new_path();
    let steps = workload(&path, 0, 9).await;
    let (mut refused, mut whole) = (0, 0);
    for step in &steps {
        let log = step.copy.0[LOG].as_deref().unwrap_or_default();
        for place in (0..written(log)).step_by(331).chain((written(log)..log.len()).step_by(49_999)) {
            let path = directory.path().join("lost.db");
            let mut copy = step.copy.clone();
            copy.0[LOG].as_mut().unwrap().truncate(place);
            copy.put_back(&path);
            match try_open(&path) {
                Err(OpenStoreError::LostEnd { acknowledged, log_end, .. }) => {
                    assert!(log_end < acknowledged && acknowledged.get() == step.acknowledged);
                    assert_eq!(Copy::of(&path).0[END], copy.0[END]);
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
                Ok(file) => {
                    assert_eq!(file.numbers().await.len() as u64, step.acknowledged);
                    whole += 1;
                }
            }
        }
    }
    assert!(refused > 100 && whole > 10, "{refused} refused, {whole} whole");
}
