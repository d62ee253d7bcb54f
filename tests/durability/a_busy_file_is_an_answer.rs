//! Where another program holds the file for too long, what it keeps from being done is answered so: nothing has failed,
//! and a script goes on.

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
        let script = format!("Bank.open {path:?}\nBank.deposit 1, 5\nBank.check_balance 1\nhelp Bank.deposit\n");
        let finished = run_command(bank(flags), script);
        let lines: Vec<_> = finished.stdout.lines().collect();
        assert_eq!(lines[1..3], ["{:error, :busy}", "0"], "{finished:?}");
        assert_eq!(finished.exit_code, Some(0), "{finished:?}");
        assert!(finished.stderr.contains("another program holds the file"), "{finished:?}");
        assert!(finished.stdout.contains(":busy} where another program holds the file"), "{finished:?}");
    }
    other.execute_batch("ROLLBACK").unwrap();
    let after = run(&["--quiet"], format!("Bank.open {path:?}; Bank.check_balance 1"));
    assert!(after.stdout.ends_with("\n0\n"), "{after:?}");
}

#[test]
fn every_function_that_can_answer_so_says_what_to_do() {
    for function in ["open", "deposit", "transfer", "check_balance", "watch", "verify", "import", "skip"] {
        let help = run(&[], format!("help Bank.{function}")).stdout;
        assert!(help.contains("{:error, :busy}") && help.contains("Say it again"), "{help}");
    }
    for function in ["Bank.close", "Bank.consistency", "exit"] {
        let help = run(&[], format!("help {function}")).stdout;
        assert!(!help.contains(":busy"), "{help}");
    }
}
