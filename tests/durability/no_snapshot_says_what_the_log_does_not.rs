//! A snapshot is used only if its event names it: a forged one has no effect, even if its own hash matches, and
//! `Bank.verify` names it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::forger::forge;
use crate::program::{Finished, run};

fn asked(path: &Path, statements: &str) -> Finished {
    run(&["--quiet"], format!("Bank.open {path:?}\n{statements}"))
}

fn answers(path: &Path, statements: &str) -> String {
    asked(path, statements).stdout.split_once('\n').unwrap().1.to_owned()
}

fn bank_after(statements: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    asked(&path, statements);
    (directory, path)
}

/// A forged snapshot that permits any withdrawal: it has no PIN, no lock, and plenty of money.
fn rich_snapshot(account: &str) -> String {
    let state = format!(
        r#"{{"form":1,"account_id":"{account}","balance":999999,"lock":{{"verifier":null,"wrong_pins":0}},"reservations":[]}}"#
    );
    format!(
        "INSERT OR REPLACE INTO snapshots (stream, position, version, time, state, hash, form)
         SELECT stream, position, version, time, '{state}', x'00', 2 FROM events
         WHERE position = (SELECT last_position FROM streams WHERE name = 'account-{account}')"
    )
}

#[test]
fn a_forged_one_pays_nothing_out() {
    let wrong = "Bank.withdraw \"Wolfman\", 1, 4200\n".repeat(3);
    let (_directory, path) =
        bank_after(&format!("Bank.create \"Wolfman\", \"Wolfman\", 0042\nBank.deposit \"Wolfman\", 100\n{wrong}"));
    forge(&path, &rich_snapshot("Wolfman"));
    let verified = asked(&path, "Bank.verify");
    let problem =
        "{:error, %{position: 5, problem: \"the snapshot of account-Wolfman is not what its events make of it\"}}";
    assert!(verified.stdout.contains(problem), "{verified:?}");
    let withdrawn = answers(&path, "Bank.withdraw \"Wolfman\", 900000\n");
    assert_eq!(withdrawn, "{:error, :account_locked}\n");
    assert_eq!(answers(&path, "Bank.withdraw \"Wolfman\", 900000, 0042\n"), "{:error, :account_locked}\n");
    assert_eq!(answers(&path, "Bank.check_balance \"Wolfman\"\nBank.check_balance \"Wolfman\", at: 5\n"), "100\n100\n");
    assert!(asked(&path, "Bank.verify").stdout.contains(problem));
}

#[test]
fn a_changed_one_is_passed_over() {
    let (_directory, path) =
        bank_after(&format!("Bank.create \"Wolfman\"\n{}", "Bank.deposit \"Wolfman\", 1\n".repeat(300)));
    assert!(asked(&path, "Bank.verify").stdout.contains("{:ok, %{events: 301, streams: 1, snapshots: 1}}"));
    let listed = answers(&path, "Bank.snapshots \"Wolfman\"");
    assert!(listed.lines().nth(1).is_some_and(|row| row.trim_start().starts_with("256")), "{listed}");
    forge(&path, "UPDATE snapshots SET state = replace(state, '\"balance\":255', '\"balance\":999999')");
    let problem = "{:error, %{position: 256, problem: \"the snapshot here differs from the one that was stored with its event\"}}";
    let verified = asked(&path, "Bank.verify");
    assert!(verified.stdout.contains(problem), "{verified:?}");
    let declined =
        "Bank.withdraw \"Wolfman\", 301\nBank.check_balance \"Wolfman\"\nBank.check_balance \"Wolfman\", at: 260";
    assert_eq!(answers(&path, declined), ":ok\n300\n259\n");
    assert_eq!(answers(&path, "Bank.snapshots \"Wolfman\""), "position  version  time\n");
}

#[test]
fn an_imported_log_keeps_the_snapshots_it_names() {
    let (directory, path) =
        bank_after(&format!("Bank.create \"Wolfman\"\n{}", "Bank.deposit \"Wolfman\", 1\n".repeat(300)));
    let (log, copy) = (directory.path().join("log"), directory.path().join("copy.db"));
    let head = answers(&path, &format!("Bank.export {log:?}\nBank.head"));
    let verified = "{:ok, %{events: 301, streams: 1, snapshots: 1}}\n";
    assert_eq!(answers(&copy, &format!("Bank.import {log:?}\nBank.head\nBank.verify")), format!("{head}{verified}"));
}
