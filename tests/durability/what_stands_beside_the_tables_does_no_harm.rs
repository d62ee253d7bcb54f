//! What other tools do to a file without changing an event, a row or a head does no harm: the file opens, verifies as
//! whole, and goes on. What would change what is written is refused by its name, and a file of another domain is named.

use std::path::{Path, PathBuf};

use cqrs_bank::bank::AccountEvent;
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{OpenStoreError, Verification};
use cqrs_bank::library::BookEvent;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::files::{Copy, open, try_open};
use crate::program::run;

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

/// Two events in a closed file, or in what a killed program has left.
async fn file(is_closed: bool) -> (TempDir, PathBuf) {
    let (directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1, 2]).await;
    let copy = Copy::of(&path);
    drop(file);
    if !is_closed {
        copy.put_back(&path);
    }
    (directory, path)
}

/// Changes the file as its owner could with the `sqlite3` tool.
fn with_tool(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_file_that_was_tuned_or_added_to_goes_on() {
    for sql in [
        "ANALYZE",
        "VACUUM",
        "VACUUM; ANALYZE; REINDEX; PRAGMA optimize",
        "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);
         CREATE TABLE _litestream_lock (id INTEGER);
         INSERT INTO _litestream_seq VALUES (1, 1)",
        "CREATE INDEX my_events_by_time ON events (time)",
        "CREATE VIEW my_deposits AS SELECT * FROM event_log",
        "CREATE TABLE mine (number INTEGER);
         CREATE TRIGGER my_trigger AFTER INSERT ON mine BEGIN DELETE FROM mine WHERE number < 0; END",
    ] {
        for is_closed in [true, false] {
            let (_directory, path) = file(is_closed).await;
            with_tool(&path, sql);
            for version in [2, 3] {
                let file = open(&path);
                file.append("a", version, &[version + 1]).await;
                assert!(matches!(file.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)), "{sql}");
            }
            assert_eq!(open(&path).numbers().await, [1, 2, 3, 4], "{sql}");
        }
    }
}

#[tokio::test]
async fn the_same_while_the_file_is_open() {
    let (_directory, path) = file(true).await;
    let file = open(&path);
    with_tool(&path, "ANALYZE; CREATE TABLE mine (number INTEGER); VACUUM");
    file.append("a", 2, &[3]).await;
    assert!(matches!(file.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
    drop(file);
    assert_eq!(open(&path).numbers().await, [1, 2, 3]);
}

#[tokio::test]
async fn what_stands_beside_is_named() {
    let (_directory, path) = new_file();
    let made = run(&["--quiet", "-c", &format!("Bank.open {path:?}; Bank.create 1")], "");
    assert_eq!(made.exit_code, Some(0), "{made:?}");
    with_tool(&path, "CREATE TABLE mine (number INTEGER)");
    let mut command = crate::program::bank(&["--quiet", "-c", &format!("Bank.open {path:?}; Bank.check_balance 1")]);
    command.env("RUST_LOG", "info");
    let asked = crate::program::run_command(command, "");
    let said = format!("{}: besides the tables of this program, it contains: table mine", path.display());
    assert!(asked.stderr.contains(&said) && asked.stdout.ends_with("\n0\n"), "{asked:?}");
}

#[tokio::test]
async fn a_trigger_on_one_of_the_tables_is_refused_by_its_name() {
    for is_closed in [true, false] {
        let (_directory, path) = file(is_closed).await;
        with_tool(&path, "CREATE TRIGGER twice AFTER INSERT ON events BEGIN UPDATE streams SET version = 0; END");
        let error = try_open(&path).err().unwrap();
        let said = "the file is damaged: the trigger twice changes its table events";
        assert_eq!(error.to_string(), format!("{}: {said}", path.display()));
    }
}

/// Neither holds an event that could tell.
#[tokio::test]
async fn an_empty_file_of_another_domain_is_named() {
    fn error<E: cqrs_bank::engine::store::codec::StoredEvent>(path: &Path) -> Option<OpenStoreError> {
        SqliteStore::<E>::open(path, SqliteOptions::default(), &Supervisor::new()).err()
    }
    let (_directory, bank) = new_file();
    let library = bank.with_file_name("library.db");
    assert_eq!(error::<AccountEvent>(&bank), None);
    assert_eq!(error::<BookEvent>(&library), None);
    let other = |path: &PathBuf, found: &str, expected| OpenStoreError::OtherDomain {
        path: path.clone(),
        found: found.to_owned(),
        expected,
    };
    assert_eq!(error::<AccountEvent>(&library), Some(other(&library, "library", "bank")));
    assert_eq!(error::<BookEvent>(&bank), Some(other(&bank, "bank", "library")));
    let said = format!("{}: this is the file of a library, not of a bank", library.display());
    assert_eq!(error::<AccountEvent>(&library).unwrap().to_string(), said);
}
