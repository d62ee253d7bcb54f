//! Stored rows of a read model that were lost, added or brought back from before are never answered from: the read
//! model is folded from the log, a line says so, and `Bank.verify` names it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::program::{Finished, run};

fn asked(path: &Path, statements: &str) -> Finished {
    run(&["--quiet"], format!("Bank.open {path:?}\n{statements}"))
}

/// A bank whose projections are stored, and beside it what they were a few deposits ago and what a bank with one more
/// account has; then `change` does something to the file.
fn bank_after(change: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let (path, more) = (directory.path().join("bank.db"), directory.path().join("more.db"));
    let created = "Bank.create 1\nBank.create 2\nBank.deposit 1, 5\nBank.deposit 2, 7\n";
    assert_eq!(asked(&path, created).exit_code, Some(0));
    assert_eq!(asked(&more, &format!("{created}Bank.create 3\n")).exit_code, Some(0));
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(&format!(
            "ATTACH {:?} AS aside; CREATE TABLE aside.rows AS SELECT * FROM projection_rows;
             CREATE TABLE aside.checkpoints AS SELECT * FROM projections; DETACH aside; ATTACH {more:?} AS more;",
            directory.path().join("aside.db").display().to_string()
        ))
        .unwrap();
    assert_eq!(asked(&path, "Bank.deposit 1, 100\nBank.transfer 1, 2, 20\nBank.withdraw 1, 3\n").exit_code, Some(0));
    connection
        .execute_batch(&format!(
            "ATTACH {:?} AS aside; {change}",
            directory.path().join("aside.db").display().to_string()
        ))
        .unwrap();
    (directory, path)
}

const ASKED: &str = "Bank.check_balance 1\nBank.check_balance 2\nBank.check_balance 3\nBank.get_total_deposits\n\
    Bank.get_account_list\nBank.deposit 1, 1\nBank.check_balance 1\nBank.get_total_deposits\n";

const ANSWERS: &str =
    "82\n27\n:no_account\n109\n[%{id: \"1\", holder: \"1\"}, %{id: \"2\", holder: \"2\"}]\n:ok\n83\n110\n";

#[test]
fn rows_that_do_not_belong_together_are_folded_again() {
    let back = "INSERT OR REPLACE INTO projection_rows SELECT * FROM aside.rows";
    for change in [
        "DELETE FROM projection_rows".to_owned(),
        "DELETE FROM projection_rows WHERE key = '2' AND projection LIKE 'balances%'".to_owned(),
        "DELETE FROM projection_rows WHERE projection LIKE 'accounts%'".to_owned(),
        "DELETE FROM projection_rows WHERE projection LIKE 'transfers%'".to_owned(),
        "DELETE FROM projections WHERE projection LIKE 'balances%'".to_owned(),
        back.to_owned(),
        format!("{back} WHERE projection LIKE 'balances%' AND key = '1'"),
        format!("{back} WHERE projection LIKE 'total%'"),
        "INSERT OR REPLACE INTO projections SELECT * FROM aside.checkpoints".to_owned(),
        "INSERT INTO projection_rows SELECT * FROM more.projection_rows WHERE projection LIKE 'balances%' AND key = '3'"
            .to_owned(),
    ] {
        let (_directory, path) = bank_after(&change);
        let verified = asked(&path, "Bank.verify");
        assert!(verified.stdout.contains("{:error, %{position: nil, problem: "), "{change}: {verified:?}");
        assert_eq!(verified.exit_code, Some(1), "{change}: {verified:?}");
        // Closed, that program has put it right.
        let (_directory, path) = bank_after(&change);
        let finished = asked(&path, ASKED);
        let answers = finished.stdout.split_once('\n').unwrap().1;
        assert_eq!(answers, ANSWERS, "{change}: {}", finished.stderr);
        assert!(finished.stderr.contains("is folded from the log"), "{change}: {}", finished.stderr);
        let again = asked(&path, "Bank.verify");
        assert!(again.stdout.contains("{:ok, %{events: 10"), "{change}: {again:?}");
        assert_eq!(again.stderr, "", "{change}");
    }
}

/// Rows and their checkpoint may both be older than the log: what has happened since is folded.
#[test]
fn rows_that_are_older_as_a_whole_are_gone_on_from() {
    let (_directory, path) = bank_after(
        "DELETE FROM projection_rows; INSERT INTO projection_rows SELECT * FROM aside.rows;
         INSERT OR REPLACE INTO projections SELECT * FROM aside.checkpoints",
    );
    let finished = asked(&path, ASKED);
    assert_eq!((finished.stdout.split_once('\n').unwrap().1, &*finished.stderr), (ANSWERS, ""));
}

/// Rows know nothing of a log that has lost its end, and gone on otherwise.
#[test]
fn rows_of_events_that_are_gone_are_folded_again() {
    let (directory, path) = bank_after("");
    let copy = directory.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    let events = "DELETE FROM events WHERE position > 4; DELETE FROM stream_marks WHERE position > 4;
        UPDATE streams SET version = 2, last_position = stream + 2";
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(events).unwrap();
    drop(connection);
    let lost = |statements: &str| run(&["--quiet"], format!("Bank.open {path:?}, accept_loss: true\n{statements}"));
    let finished = lost("Bank.check_balance 1\nBank.check_balance 2\nBank.get_total_deposits\nBank.transfers\n");
    let answers = finished.stdout.split_once('\n').unwrap().1;
    assert!(answers.starts_with("5\n7\n12\n"), "{finished:?}");
    assert!(finished.stderr.contains("is folded from the log"), "{finished:?}");
}
