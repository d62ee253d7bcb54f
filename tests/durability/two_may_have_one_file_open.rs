//! Two may have the same file open: each sees what the other stores, in order and at once, and of two that
//! conflict one wins.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::handler_records::{
    HandlerRecords, ParkedChange, ParkedEvent, Progress, ProjectionUpdate, ProjectionWritten,
};
use cqrs_bank::engine::store::subscription::Subscription;
use cqrs_bank::engine::store::{EventStore, Rejected, Verification, Verified};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::files::{OpenFile, append, new_id, open, stream};

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    (directory, path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_hears_of_what_the_other_stores_within_100_ms() {
    let (_directory, path) = new_file();
    let (one, other) = (open(&path), open(&path));
    let mut heard = other.store.published();
    let mut waited = Vec::new();
    for version in 0..20 {
        one.append("a", version, &[version]).await;
        let stored = Instant::now();
        let commit = heard.recv().await.unwrap();
        waited.push(stored.elapsed());
        assert_eq!(commit.after, Position::new(version));
        assert_eq!(commit.events.len(), 1);
        assert_eq!(commit.events[0].data.0, version);
    }
    // Not the slowest: other programs may have the processor for longer than that.
    waited.sort();
    assert!(waited[10] < Duration::from_millis(100), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_hear_of_everything_once_and_in_order() {
    const EACH: u64 = 300;
    let (_directory, path) = new_file();
    let files = [open(&path), open(&path)];
    let mut tasks = JoinSet::new();
    for (number, file) in files.iter().enumerate() {
        let store = file.store.clone();
        tasks.spawn(async move {
            for version in 0..EACH {
                let append = append(new_id(), &number.to_string(), version, &[version]);
                store.append(vec![append]).await.unwrap().remove(0).unwrap();
            }
        });
    }
    for file in &files {
        let mut subscription = Subscription::after(file.store.clone(), Position::START);
        let mut heard = file.store.published();
        tasks.spawn(async move {
            let mut end = heard.recv().await.unwrap().events.last().unwrap().position;
            while end < Position::new(2 * EACH) {
                let commit = heard.recv().await.unwrap();
                assert_eq!(commit.after, end);
                let positions: Vec<_> = commit.events.iter().map(|event| event.position.get()).collect();
                let first = end.get() + 1;
                assert_eq!(positions, (first..first + positions.len() as u64).collect::<Vec<_>>());
                end = commit.events.last().unwrap().position;
            }
        });
        tasks.spawn(async move {
            let mut next = 1;
            while next <= 2 * EACH {
                for event in subscription.next().await.unwrap().iter() {
                    assert_eq!(event.position.get(), next);
                    next += 1;
                }
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(verified(&files[0]).await, Verified { events: 2 * EACH, streams: 2, snapshots: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_conflict_one_wins() {
    let (_directory, path) = new_file();
    let files = [open(&path), open(&path)];
    for version in 0..100 {
        let [one, other] = [0, 1].map(|number| {
            let store = files[number].store.clone();
            let append = append(new_id(), "a", version, &[number as u64]);
            tokio::spawn(async move { store.append(vec![append]).await.unwrap().remove(0) })
        });
        let stored = [one.await.unwrap().is_ok(), other.await.unwrap().is_ok()];
        assert!(stored[0] != stored[1], "version {version}: {stored:?}");
    }
    assert_eq!(verified(&files[1]).await.events, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_stored_once_whoever_it_is_sent_to() {
    let (_directory, path) = new_file();
    let files = [open(&path), open(&path)];
    let id = new_id();
    let first = files[0].store.append(vec![append(id, "a", 0, &[1])]).await.unwrap().remove(0).unwrap();
    let answer = files[1].store.append(vec![append(id, "a", 0, &[1])]).await.unwrap().remove(0);
    assert!(matches!(&answer, Err(Rejected::Repeated(events)) if events[..] == first[..]), "{answer:?}");
    assert_eq!(files[1].store.read_command(id).await.unwrap().unwrap()[..], first[..]);
}

#[tokio::test]
async fn handlers_run_in_one_of_them_and_move_over() {
    let (_directory, path) = new_file();
    let (one, other) = (open(&path), open(&path));
    let lease = one.store.try_acquire_lease().await.unwrap();
    assert!(lease.is_some());
    assert!(other.store.try_acquire_lease().await.unwrap().is_none());
    drop(lease);
    assert!(other.store.try_acquire_lease().await.unwrap().is_some());
}

#[tokio::test]
async fn records_are_there_when_the_file_is_opened_again() {
    let (_directory, path) = new_file();
    let progress = Progress { checkpoint: Position::new(1), attempts: 3, state: Some("{}".into()) };
    let id = new_id();
    let parked = {
        let file = open(&path);
        let mut append = append(id, "a", 0, &[1, 2]);
        append.snapshot = Some("two".into());
        let first = file.store.append(vec![append]).await.unwrap().remove(0).unwrap();
        let (position, time) = (first[0].position, first[0].time);
        let (handler, reason) = ("e-mail".to_owned(), "no".to_owned());
        let parked = ParkedEvent { number: 1, handler, position, attempts: 3, reason, time };
        file.store.write_progress("e-mail", progress.clone(), ParkedChange::Park(parked.clone())).await.unwrap();
        file.store
            .write_projections(vec![update("balances", 0, 2, &[("a", Some("1")), ("b", Some("2"))])])
            .await
            .unwrap();
        parked
    };
    let file = open(&path);
    assert_eq!(file.store.read_progress("e-mail").await.unwrap(), Some(progress));
    assert_eq!(file.store.read_parked(0, 9).await.unwrap(), std::slice::from_ref(&parked));
    assert_eq!(checkpoint(&file, "balances").await, Some(Position::new(2)));
    assert_eq!(rows(&file, "balances").await, [("a".into(), "1".into()), ("b".into(), "2".into())]);
    let now = cqrs_bank::engine::log::Moment::NOW;
    let (snapshot, events) = file.store.read_from_snapshot(&stream("a"), now, 9).await.unwrap();
    assert_eq!((&*snapshot.unwrap().state, events.len()), ("two", 0));
    let repeat = file.store.append(vec![append(id, "a", 0, &[1, 2])]).await.unwrap().remove(0);
    assert!(matches!(repeat, Err(Rejected::Repeated(_))), "{repeat:?}");
    file.store.write_progress("e-mail", Progress::default(), ParkedChange::Remove { number: 1 }).await.unwrap();
    drop(file);
    let file = open(&path);
    file.store.write_progress("e-mail", Progress::default(), ParkedChange::Park(parked)).await.unwrap();
    assert_eq!(file.store.read_parked(0, 9).await.unwrap()[0].number, 2, "a number is never given twice");
}

#[tokio::test]
async fn rows_of_projections_are_kept_with_their_checkpoint() {
    let (_directory, path) = new_file();
    let file = open(&path);
    assert_eq!(checkpoint(&file, "balances").await, None);
    let updates = vec![
        update("balances", 0, 3, &[("a", Some("1")), ("b", Some("2")), ("c", Some("3"))]),
        update("totals", 0, 2, &[("", Some("6"))]),
    ];
    assert_eq!(write(&file, updates).await, [ProjectionWritten::Stored; 2]);
    let changed = update("balances", 3, 5, &[("b", None), ("c", Some("4")), ("d", Some("5"))]);
    assert_eq!(write(&file, vec![changed]).await, [ProjectionWritten::Stored]);
    let all = [("a", "1"), ("c", "4"), ("d", "5")].map(|(key, data)| (key.into(), data.into()));
    assert_eq!(rows(&file, "balances").await, all);
    assert_eq!(checkpoint(&file, "balances").await, Some(Position::new(5)));
    assert_eq!(checkpoint(&file, "totals").await, Some(Position::new(2)));

    let replaced = ProjectionUpdate { replace_all: true, ..update("balances", 0, 4, &[("z", Some("9"))]) };
    assert_eq!(write(&file, vec![replaced]).await, [ProjectionWritten::Stored]);
    assert_eq!(rows(&file, "balances").await, [("z".into(), "9".into())]);
    assert_eq!(rows(&file, "totals").await, [("".into(), "6".into())]);
}

/// Both follow the same log; one is ahead. Whoever is behind changes nothing, and nobody builds on rows that are
/// not there.
#[tokio::test]
async fn two_that_keep_the_same_projection_do_not_spoil_it() {
    let (_directory, path) = new_file();
    let (one, other) = (open(&path), open(&path));
    write(&one, vec![update("balances", 0, 3, &[("a", Some("3"))])]).await;
    assert_eq!(write(&other, vec![update("balances", 0, 5, &[("a", Some("5"))])]).await, [ProjectionWritten::Stored]);
    let late = write(&one, vec![update("balances", 3, 4, &[("a", Some("4"))])]).await;
    assert_eq!(late, [ProjectionWritten::Later { stored: Position::new(5) }]);
    assert_eq!(rows(&one, "balances").await, [("a".into(), "5".into())]);

    let rebuilt = ProjectionUpdate { replace_all: true, ..update("balances", 0, 4, &[("a", Some("4"))]) };
    write(&one, vec![rebuilt]).await;
    let baseless = write(&other, vec![update("balances", 5, 6, &[("b", Some("6"))])]).await;
    assert_eq!(baseless, [ProjectionWritten::Missing { stored: Position::new(4) }]);
    assert_eq!(rows(&one, "balances").await, [("a".into(), "4".into())]);
}

/// Without SQLite's lock, another program that closes the file may remove the write-ahead log that is written here.
#[tokio::test]
async fn however_often_one_program_opens_a_file_it_stays_locked() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    assert!(is_locked(&path));
    drop(open(&path));
    assert!(is_locked(&path));
    let _other = open(&path);
    assert!(is_locked(&path));
    file.append("a", 1, &[2]).await;
    assert_eq!(file.numbers().await, [1, 2]);
}

/// Whether this process holds a lock on the file.
fn is_locked(path: &Path) -> bool {
    let (process, file) = (format!(" {} ", std::process::id()), format!(":{} ", fs::metadata(path).unwrap().ino()));
    let locks = fs::read_to_string("/proc/locks").unwrap();
    locks.lines().any(|lock| lock.contains("POSIX") && lock.contains(&process) && lock.contains(&file))
}

async fn verified(file: &OpenFile) -> Verified {
    match file.store.verify(|_, _| {}).await.unwrap() {
        Verification::Whole(verified) => verified,
        broken => panic!("{broken:?}"),
    }
}

fn update(projection: &str, after: u64, checkpoint: u64, rows: &[(&str, Option<&str>)]) -> ProjectionUpdate {
    ProjectionUpdate {
        projection: projection.to_owned(),
        after: Position::new(after),
        checkpoint: Position::new(checkpoint),
        rows: rows.iter().map(|(key, data)| ((*key).into(), data.map(Into::into))).collect(),
        replace_all: false,
    }
}

async fn write(file: &OpenFile, updates: Vec<ProjectionUpdate>) -> Vec<ProjectionWritten> {
    file.store.write_projections(updates).await.unwrap()
}

async fn checkpoint(file: &OpenFile, projection: &str) -> Option<Position> {
    file.store.read_projection(projection).await.unwrap().map(|stored| stored.checkpoint())
}

async fn rows(file: &OpenFile, projection: &str) -> Vec<(String, String)> {
    let mut stored = file.store.read_projection(projection).await.unwrap().unwrap();
    let mut rows = Vec::new();
    while let Some(page) = stored.next_page().await.unwrap() {
        rows.extend(page.into_iter().map(|row| (row.key.into_string(), row.data.into_string())));
    }
    rows
}
