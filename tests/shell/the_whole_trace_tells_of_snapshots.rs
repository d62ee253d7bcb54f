//! With `Bank.trace :all`, the trace says when a snapshot is stored, and when an account is loaded from one. Otherwise it
//! does not.

use crate::program::{bank, run_command};

/// A snapshot is stored every so many events of an account.
const SNAPSHOT_EVERY: usize = 256;

fn trace(beginning: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let run = |script: String| {
        let mut command = bank(&["--seed", "1", "--store", "bank.db"]);
        command.current_dir(&folder);
        run_command(command, script).stdout
    };
    let deposits = "Bank.deposit \"Wolfman\", 1\n".repeat(SNAPSHOT_EVERY - 1);
    let stored = run(format!("Bank.open\n{beginning}\nBank.create \"Wolfman\"\n{deposits}"));
    let loaded = run(format!("Bank.open\n{beginning}\nBank.deposit \"Wolfman\", 1\n"));
    (stored, loaded)
}

#[test]
fn a_snapshot_is_told_of_when_it_is_stored_and_loaded() {
    let (stored, loaded) = trace("Bank.trace :all");
    let is_of_snapshot = |line: &&str| line.starts_with("Snapshot");
    let told: Vec<_> = stored.lines().filter(is_of_snapshot).collect();
    assert_eq!(told, ["Snapshot: account-Wolfman is stored as it is at version 256"]);
    let told: Vec<_> = loaded.lines().filter(is_of_snapshot).collect();
    assert_eq!(told, ["Snapshot: account-Wolfman is loaded from version 256, and is at 256"]);
}

#[test]
fn the_usual_trace_tells_of_none() {
    for beginning in ["", "Bank.trace :all; Bank.trace :usual"] {
        let (stored, loaded) = trace(beginning);
        assert!(stored.contains("Event Store Published Event") && !stored.contains("Snapshot"), "{stored}");
        assert!(!loaded.contains("Snapshot"), "{loaded}");
    }
}
