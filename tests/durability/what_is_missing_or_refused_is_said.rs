//! What only leads to events is made again where it is missing, what is accepted and what is left over is said, and a
//! statement that is refused for the file it names keeps no script from going on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::program::{Finished, run};

fn new_bank() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    say(&path, "", "Bank.create 1; Bank.deposit 1, 5");
    (directory, path)
}

fn say(path: &Path, options: &str, statements: &str) -> Finished {
    run(&["--quiet", "--keep-going"], format!("Bank.open {path:?}{options}\n{statements}\n"))
}

#[test]
fn a_view_and_an_index_are_made_again() {
    for (sql, name) in
        [("DROP VIEW event_log", "view event_log"), ("DROP INDEX events_by_command", "index events_by_command")]
    {
        let (_directory, path) = new_bank();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let opened = say(&path, "", "Bank.check_balance 1; Bank.verify");
        assert!(opened.stdout.contains("\n5\n{:ok, %{events: 2,"), "{opened:?}");
        assert!(opened.stderr.contains(&format!("rebuilt what was missing: {name}\n")), "{opened:?}");
        let again = say(&path, "", "Bank.check_balance 1");
        assert!(again.stdout.ends_with("\n5\n") && again.stderr.is_empty(), "{again:?}");
    }
}

#[test]
fn what_is_accepted_is_said() {
    let (_directory, path) = new_bank();
    let copy = path.with_file_name("copy.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute("INSERT INTO properties (name, value) VALUES ('in_use', 'yes')", []).unwrap();
    drop(connection);
    fs::copy(&path, &copy).unwrap();
    let refused = say(&copy, "", "");
    assert!(refused.stdout.starts_with("{:error, :lost_end}\n"), "{refused:?}");
    let accepted = say(&copy, ", accept_loss: true", "Bank.check_balance 1");
    assert!(accepted.stdout.ends_with("\n5\n"), "{accepted:?}");
    assert!(accepted.stderr.contains("may have lost its end; opening it as it is\n"), "{accepted:?}");
}

#[test]
fn what_is_left_over_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    for left in ["bank.db-shm", "bank.db-handlers"] {
        fs::write(directory.path().join(left), "").unwrap();
        fs::set_permissions(directory.path().join(left), Permissions::from_mode(0o600)).unwrap();
    }
    let opened = say(&path, "", "Bank.create 1");
    let (index, handlers) = (format!("{}-shm", path.display()), format!("{}-handlers", path.display()));
    let said =
        format!("there is no such file, but {index}, {handlers} is left over from one; the new file takes its place");
    assert!(opened.stdout.ends_with("\n:ok\n") && opened.stderr.contains(&said), "{opened:?}");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}

#[test]
fn a_script_goes_on_after_a_file_that_cannot_be_made() {
    let (_directory, path) = new_bank();
    let statements = format!(
        "Bank.export {path:?}; Bank.backup {path:?}; Bank.import {path:?}; Bank.export \"/nowhere/else\"\nBank.check_balance 1"
    );
    let finished = say(&path, "", &statements);
    let replies = ["file_exists", "file_exists", "not_empty", "file_failed"].map(|name| format!("{{:error, :{name}}}"));
    assert!(finished.stdout.ends_with(&format!("\n{}\n5\n", replies.join("\n"))), "{finished:?}");
    assert_eq!((finished.stderr.matches("error: ").count(), finished.exit_code), (4, Some(1)), "{finished:?}");
    let stopped = run(&["--quiet"], format!("Bank.open {path:?}\n{statements}"));
    assert!(stopped.stdout.ends_with("\n{:error, :file_exists}\n"), "{stopped:?}");
}

#[test]
fn the_name_of_a_companion_is_no_name_of_a_file() {
    let (directory, path) = new_bank();
    for ending in ["-wal", "-shm", "-end", "-handlers", "-journal"] {
        let name = directory.path().join(format!("b.db{ending}"));
        let finished =
            say(&path, "", &format!("Bank.backup {name:?}; Bank.export {name:?}; Bank.close; Bank.open {name:?}"));
        let expected = "{:error, :reserved_name}\n{:error, :reserved_name}\n:ok\n{:error, :reserved_name}\n";
        assert!(finished.stdout.ends_with(expected), "{finished:?}");
        assert!(finished.stderr.contains(&format!("names that end in `{ending}` are reserved")), "{finished:?}");
        assert!(!name.exists());
    }
}
