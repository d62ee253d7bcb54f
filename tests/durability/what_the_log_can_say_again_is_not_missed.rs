//! Snapshots and the rows of projections only save time: where they are damaged or missing, the log says it all again.

use std::path::Path;

use rusqlite::Connection;

use crate::program::{Finished, run};

/// Enough events for more than one read.
const DEPOSITS: usize = 1_500;

fn asked(path: &Path, statements: &str) -> Finished {
    run(&["--quiet"], format!("Bank.open {path:?}\n{statements}"))
}

/// A bank with 1,504 events, whose projections are stored; then `change` does something to the file.
fn bank_after(change: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut statements = "Bank.create 1\nBank.create 2\nBank.deposit 2, 7\nBank.withdraw 2, 8\n".to_owned();
    statements.push_str(&"Bank.deposit 1, 2\n".repeat(DEPOSITS));
    assert_eq!(asked(&path, &statements).exit_code, Some(0));
    Connection::open(&path).unwrap().execute_batch(change).unwrap();
    (directory, path)
}

const ASKED: &str = "Bank.check_balance 1\nBank.deposit 1, 5\nBank.check_balance 1\nBank.withdraw 2, 3\n\
    Bank.check_balance 2\nBank.get_total_deposits\nBank.get_account_list\nBank.transfers limit: 1\n";

const ANSWERS: &str = "3000\n:ok\n3005\n:ok\n4\n3009\n[%{id: \"1\", holder: \"1\"}, %{id: \"2\", holder: \"2\"}]\n";

#[test]
fn rows_that_are_damaged_or_missing_are_folded_again() {
    for change in [
        "",
        "UPDATE projection_rows SET data = '{}' WHERE projection LIKE 'balances%'",
        "UPDATE projections SET hash = zeroblob(32) WHERE projection LIKE 'accounts%'",
        "DELETE FROM projections WHERE projection LIKE 'transfers%'",
        "DELETE FROM projections; DELETE FROM projection_rows",
    ] {
        let (_directory, path) = bank_after(change);
        let finished = asked(&path, ASKED);
        let answers = finished.stdout.split_once('\n').unwrap().1;
        assert!(answers.starts_with(ANSWERS), "{change}: {answers}{}", finished.stderr);
        assert_eq!(finished.exit_code, Some(0), "{change}: {}", finished.stderr);
        assert!(!finished.stderr.contains("Payment declined"), "what is old is no news: {}", finished.stderr);
        assert_eq!(finished.stderr.contains("is folded from the log"), change.starts_with("UPDATE"), "{change}");
        let verified = asked(&path, "Bank.verify").stdout;
        assert!(verified.contains("{:ok, %{events: 1506"), "{change}: {verified}");
    }
}

#[test]
fn a_snapshot_of_an_event_that_is_not_there_is_none() {
    let (_directory, path) = bank_after(
        "INSERT INTO snapshots SELECT stream, position + 100000, version + 100000, time, state, hash, form FROM snapshots",
    );
    let finished = asked(&path, ASKED);
    assert!(finished.stdout.contains(ANSWERS), "{}{}", finished.stdout, finished.stderr);
    let (_directory, path) = bank_after("DELETE FROM snapshots");
    assert!(asked(&path, ASKED).stdout.contains(ANSWERS));
}
