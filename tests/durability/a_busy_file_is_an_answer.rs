//! Where another program holds the file for too long, what it keeps from being done is answered so: nothing has failed,
//! and a script goes on.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::program::{bank, run, run_command};

/// A script that comes to a file that somebody else holds.
#[test]
fn a_script_goes_on_after_a_busy_answer_and_nothing_has_failed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bank.db");
    assert_eq!(run(&[], format!("Bank.open {path:?}; Bank.create 1")).exit_code, Some(0));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for flags in [&["--quiet"][..], &["--quiet", "--keep-going"]] {
        let script = format!("Bank.open {path:?}\nBank.deposit 1, 5\nBank.check_balance 1\nhelp :busy\n");
        let finished = run_command(bank(flags), script);
        let lines: Vec<_> = finished.stdout.lines().collect();
        assert_eq!(lines[1..3], ["{:error, :busy}", "0"], "{finished:?}");
        assert_eq!(finished.exit_code, Some(0), "{finished:?}");
        assert!(finished.stderr.contains("another program holds the file"), "{finished:?}");
        assert!(finished.stdout.contains("another program has held the file for more than 5 s"), "{finished:?}");
    }
    other.execute_batch("ROLLBACK").unwrap();
    let after = run(&["--quiet"], format!("Bank.open {path:?}; Bank.check_balance 1"));
    assert!(after.stdout.ends_with("\n0\n"), "{after:?}");
}

/// Then nobody else may even read it.
#[test]
fn a_file_that_somebody_has_for_himself_is_busy_and_a_script_goes_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bank.db");
    assert_eq!(run(&[], format!("Bank.open {path:?}; Bank.create 1")).exit_code, Some(0));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let finished = run_command(bank(&["--quiet", "--keep-going"]), format!("Bank.open {path:?}\nhelp exit\n"));
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    assert!(finished.stdout.starts_with("{:error, :busy}\n") && finished.stdout.contains("leaves"), "{finished:?}");
    let holder = format!("process {} (", std::process::id());
    assert!(finished.stderr.contains(&format!("another program holds the file: {holder}")), "{finished:?}");
    assert!(finished.stderr.contains("; wait for it and try again, or end it"), "{finished:?}");
    assert!(finished.stderr.contains(&format!("waiting for {holder}")), "{finished:?}");
    other.execute_batch("ROLLBACK").unwrap();
}

/// It needs nothing written for that.
#[test]
fn a_file_that_somebody_writes_to_opens_and_answers_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bank.db");
    assert_eq!(run(&[], format!("Bank.open {path:?}; Bank.create 1")).exit_code, Some(0));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let finished = run_command(bank(&["--quiet"]), format!("Bank.open {path:?}; Bank.check_balance 1"));
    assert!(finished.stdout.ends_with("\n0\n") && finished.exit_code == Some(0), "{finished:?}");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let finished = run_command(bank(&["--quiet"]), format!("Bank.open {path:?}; Bank.deposit 1, 5"));
    assert!(finished.stdout.ends_with("\n{:error, :busy}\n"), "{finished:?}");
    assert!(finished.stderr.contains(&format!("waiting for process {} (", std::process::id())), "{finished:?}");
    other.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn every_function_that_can_answer_so_says_what_to_do() {
    for function in ["open", "deposit", "transfer", "check_balance", "watch", "verify", "import", "skip"] {
        let help = run(&[], format!("help Bank.{function}")).stdout;
        assert!(help.contains(":busy"), "{help}");
    }
    assert!(run(&[], "help :busy").stdout.contains("Try again"));
    for function in ["Bank.close", "Bank.consistency", "exit"] {
        let help = run(&[], format!("help {function}")).stdout;
        assert!(!help.contains(":busy"), "{help}");
    }
}
