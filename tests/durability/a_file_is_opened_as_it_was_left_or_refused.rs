//! A file that is not as it was left is refused, with what and where, and nothing in it changes: neither one that a
//! killed program has left, nor one that was closed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cqrs_bank::engine::log::{Position, Version};
use cqrs_bank::engine::store::handler_records::HandlerRecords;
use cqrs_bank::engine::store::sqlite::SqliteOptions;
use cqrs_bank::engine::store::{EventStore, OpenStoreError, Verification};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::files::{Copy, companion, open, open_with, stream, try_open};

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

/// Tries to open the file, and sees that it and its companions stay as they are.
fn refusal(path: &Path) -> OpenStoreError {
    let before = Copy::of(path);
    let error = try_open(path).err().expect("it is refused");
    let after = Copy::of(path);
    assert_eq!(after.0[0], before.0[0], "the file");
    assert_eq!(after.0[2], before.0[2], "its end");
    // SQLite removes one that is empty.
    let log = |copy: Copy| copy.0[1].clone().filter(|log| !log.is_empty());
    assert!(before.0[1].is_some() || after.0[1].is_none(), "nothing is made beside it");
    assert_eq!(log(after), log(before), "its write-ahead log");
    error
}

/// How a program has left its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// It was killed.
    InUse,
    /// It has closed the file.
    Closed,
}

const WAYS: [Left; 2] = [Left::InUse, Left::Closed];

/// A file with the events 1 and 2 of one stream, and 3 of another.
async fn file_left(left: Left) -> (TempDir, PathBuf) {
    let (directory, path) = new_file();
    let opened = open(&path);
    opened.append("a", 0, &[1, 2]).await;
    opened.append("b", 0, &[3]).await;
    let copy = Copy::of(&path);
    drop(opened);
    if left == Left::InUse {
        copy.put_back(&path);
    }
    (directory, path)
}

const ACCEPT_LOSS: SqliteOptions =
    SqliteOptions { accept_loss: true, foreign: false, published_capacity: 16, is_traced: true };

#[tokio::test]
async fn a_new_file_and_its_companions_are_private() {
    let (_directory, path) = new_file();
    let opened = open(&path);
    opened.append("a", 0, &[1]).await;
    let _lease = opened.store.try_acquire_lease().await.unwrap().unwrap();
    for suffix in ["", "-wal", "-shm", "-end", "-handlers"] {
        let mode = fs::metadata(companion(&path, suffix)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
    let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(names.len(), 5, "nothing else is left behind: {names:?}");
}

#[tokio::test]
async fn a_file_opened_again_has_what_it_had() {
    let (_directory, path) = new_file();
    let opened = open(&path);
    opened.append("a", 0, &[1, 2]).await;
    opened.append("b", 0, &[3]).await;
    let log = opened.log().await;
    drop(opened);
    for _ in 0..3 {
        let opened = open(&path);
        assert_eq!(opened.log().await, log);
    }
    let opened = open(&path);
    opened.append("a", 2, &[4]).await;
    assert_eq!(opened.numbers().await, [1, 2, 3, 4]);
    assert!(matches!(opened.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(found) if found.events == 4));
}

#[tokio::test]
async fn what_is_no_directory_or_no_file_is_refused() {
    let (directory, path) = new_file();
    let missing = directory.path().join("none/bank.db");
    let error = try_open(&missing).err().unwrap();
    assert!(matches!(&error, OpenStoreError::NoDirectory { directory, .. } if directory.ends_with("none")), "{error}");
    assert_eq!(
        error.to_string(),
        format!("{}: there is no directory {}", missing.display(), missing.parent().unwrap().display())
    );
    assert!(!missing.parent().unwrap().exists());

    let error = try_open(directory.path()).err().unwrap();
    assert!(matches!(error, OpenStoreError::NoFile { .. }), "{error}");

    let link = directory.path().join("link.db");
    std::os::unix::fs::symlink("nowhere.db", &link).unwrap();
    for no_file in [directory.path().join("new/"), link] {
        let error = try_open(&no_file).err().unwrap();
        assert_eq!(error.to_string(), format!("{}: this is not a file", no_file.display()));
    }
    let too_long = directory.path().join("x".repeat(230));
    let error = try_open(&too_long).err().unwrap();
    assert_eq!(error.to_string(), format!("{}: File name too long (os error 36)", too_long.display()));
    let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["link.db"], "nothing is left behind");

    fs::write(&path, "text").unwrap();
    let error = try_open(&path.join("bank.db")).err().unwrap();
    assert!(matches!(error, OpenStoreError::NoDirectory { .. }), "{error}");
}

#[tokio::test]
async fn a_file_of_something_else_is_refused() {
    let (_directory, path) = new_file();
    for content in [&b""[..], b"Dear diary", &[0; 10_000]] {
        fs::write(&path, content).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, OpenStoreError::NotOurs { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content);
        fs::remove_file(&path).unwrap();
    }
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE events (number)").unwrap();
    let error = refusal(&path);
    assert_eq!(
        error.to_string(),
        format!("{}: this is not a file of this program: it is the SQLite database of another program", path.display())
    );
}

/// Changes the file as its owner could with the `sqlite3` tool.
fn with_tool(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    for left in WAYS {
        let (_directory, path) = file_left(left).await;
        with_tool(&path, "PRAGMA user_version = 3");
        let error = refusal(&path);
        let expected = "the file has version 3, and this program knows versions up to 2";
        assert_eq!(error.to_string(), format!("{}: {expected}", path.display()), "{left:?}");
    }
}

#[tokio::test]
async fn a_file_whose_tables_or_log_were_changed_is_refused() {
    let changes = [
        ("ALTER TABLE events ADD COLUMN comment TEXT", "its table events has unexpected columns"),
        ("DROP TABLE snapshots", "its table snapshots is missing"),
        (
            "UPDATE events SET data = '{\"number\":7}' WHERE position = 3",
            "the log is damaged at position 3: the event does not match its hash and its predecessor",
        ),
        (
            "UPDATE streams SET version = 7 WHERE name = 'test-b'",
            "the log is damaged at position 3: a stream does not end here as it should",
        ),
        (
            "UPDATE streams SET last_position = 1 WHERE name = 'test-b'",
            "the log is damaged at position 1: a stream does not end here as it should",
        ),
        ("DELETE FROM properties WHERE name = 'domain'", "it does not name the domain of its events"),
    ];
    for (sql, said) in changes {
        for left in WAYS {
            let (_directory, path) = file_left(left).await;
            with_tool(&path, sql);
            let error = refusal(&path);
            assert_eq!(error.to_string(), format!("{}: the file is damaged: {said}", path.display()), "{left:?}");
        }
    }
}

/// Both the file beside a bank in use and the one that is closed know how far it went.
#[tokio::test]
async fn a_log_without_its_last_events_is_refused() {
    for left in WAYS {
        let (_directory, path) = file_left(left).await;
        with_tool(&path, "DELETE FROM events WHERE position = 3; DELETE FROM streams WHERE name = 'test-b'");
        let error = refusal(&path);
        assert!(
            matches!(&error, OpenStoreError::LostEnd { acknowledged, log_end, .. }
                if (acknowledged.get(), log_end.get()) == (3, 2)),
            "{left:?}: {error}"
        );
        let opened = open_with(&path, ACCEPT_LOSS).ok().unwrap();
        assert_eq!(opened.numbers().await, [1, 2]);
        drop(opened);
        assert_eq!(open(&path).numbers().await, [1, 2]);
    }
}

#[tokio::test]
async fn an_old_copy_put_back_is_noticed_and_can_be_accepted() {
    let (_directory, path) = new_file();
    let opened = open(&path);
    opened.append("a", 0, &[1, 2]).await;
    drop(opened);
    let Copy([old_closed, ..]) = Copy::of(&path);
    let opened = open(&path);
    let Copy([old_file, old_log, _]) = Copy::of(&path);
    opened.append("a", 2, &[3]).await;
    let Copy([_, _, end]) = Copy::of(&path);
    drop(opened);

    for old in [Copy([old_file, old_log, end.clone()]), Copy([old_closed, None, end])] {
        old.put_back(&path);
        let error = refusal(&path);
        assert!(
            matches!(&error, OpenStoreError::LostEnd { acknowledged, log_end, .. }
                if (acknowledged.get(), log_end.get()) == (3, 2)),
            "{error}"
        );
        assert_eq!(
            error.to_string(),
            format!(
                "{}: events up to position 3 were acknowledged, but the log ends at position 2; \
                 only `accept_loss: true` opens it as it is",
                path.display()
            )
        );

        let opened = open_with(&path, ACCEPT_LOSS).ok().unwrap();
        assert_eq!(opened.numbers().await, [1, 2]);
        opened.append("a", 2, &[4]).await;
        drop(opened);
        assert_eq!(open(&path).numbers().await, [1, 2, 4]);
    }
}

#[tokio::test]
async fn another_log_of_the_same_length_is_noticed() {
    let (_directory, path) = file_left(Left::InUse).await;
    let Copy([_, _, end]) = Copy::of(&path);
    for left in WAYS {
        let (_other_directory, other) = file_left(left).await;
        let Copy([file, log, _]) = Copy::of(&other);
        Copy([file, log, end.clone()]).put_back(&path);
        let error = refusal(&path);
        let said =
            "events up to position 3 were acknowledged, but the log has another event there (it ends at position 3)";
        assert!(error.to_string().contains(said), "{left:?}: {error}");
    }
}

#[tokio::test]
async fn without_the_file_that_knows_the_end_nobody_can_tell() {
    let (_directory, path) = file_left(Left::InUse).await;
    let end = companion(&path, "-end");
    let whole = fs::read(&end).unwrap();
    for damage in [None, Some(&whole[..50]), Some(&b"position 1"[..])] {
        match damage {
            None => fs::remove_file(&end).unwrap(),
            Some(bytes) => fs::write(&end, bytes).unwrap(),
        }
        let error = refusal(&path);
        assert!(matches!(error, OpenStoreError::EndUnknown { .. }), "{error}");
    }
    let opened = open_with(&path, ACCEPT_LOSS).ok().unwrap();
    assert_eq!(fs::read(&end).unwrap(), whole);
    drop(opened);
    assert_eq!(open(&path).numbers().await, [1, 2, 3]);
}

#[tokio::test]
async fn a_closed_file_that_does_not_say_where_it_ended_is_refused() {
    let (_directory, path) = file_left(Left::Closed).await;
    let closed = Copy::of(&path);
    for sql in [
        "DELETE FROM properties WHERE name = 'closed_at'",
        "UPDATE properties SET value = 'position 3' WHERE name = 'closed_at'",
        "UPDATE properties SET value = replace(value, '3', '2') WHERE name = 'closed_at'",
    ] {
        closed.put_back(&path);
        with_tool(&path, sql);
        let error = refusal(&path);
        assert!(matches!(error, OpenStoreError::EndUnknown { .. }), "{error}");
        let opened = open_with(&path, ACCEPT_LOSS).ok().unwrap();
        assert_eq!(opened.numbers().await, [1, 2, 3]);
        drop(opened);
        assert_eq!(open(&path).numbers().await, [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_file_that_is_gone_while_its_end_is_there_is_not_made_anew() {
    let (_directory, path) = file_left(Left::InUse).await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(companion(&path, suffix));
    }
    let error = refusal(&path);
    assert!(
        matches!(&error, OpenStoreError::LostEnd { acknowledged, log_end, .. }
            if *acknowledged == Position::new(3) && *log_end == Position::START),
        "{error}"
    );
    assert!(!path.exists());
    drop(open_with(&path, ACCEPT_LOSS).ok().unwrap());
    assert_eq!(open(&path).store.end().await.unwrap(), Position::START);
}

#[tokio::test]
async fn the_file_is_readable_with_the_tool() {
    let (_directory, path) = new_file();
    let opened = open(&path);
    opened.append("a", 0, &[1, 2]).await;
    let connection = Connection::open(&path).unwrap();
    let sql = "SELECT position, stream, version, time, type, data, command_id FROM event_log WHERE position = 2";
    let row = connection
        .query_row(sql, [], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, String>(4)?,
                row.get::<_, String>(5)?,
                row.get::<_, String>(6)?,
            ))
        })
        .unwrap();
    let read = opened.store.read_stream(&stream("a"), Version::new(1), 1).await.unwrap();
    let expected = (
        2,
        "test-a".to_owned(),
        2,
        read[0].time.to_string(),
        "happened".to_owned(),
        "{\"number\":2}".to_owned(),
        read[0].metadata.command_id.to_string(),
    );
    assert_eq!(row, expected);
}
