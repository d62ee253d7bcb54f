//! What takes long says on a terminal how far it is, in one line that is gone afterwards; elsewhere it says nothing.

use std::fmt::Write as _;
use std::path::Path;

use crate::program::run;
use crate::terminal::Terminal;

const EVENTS: u64 = 5_001;

/// Writes the log of a bank with many events to a file.
fn export(directory: &Path) -> String {
    let log = directory.join("events.jsonl");
    let mut script = "Bank.open\nBank.create 1\n".to_owned();
    for _ in 1..EVENTS {
        script += "Bank.deposit 1, 1\n";
    }
    writeln!(script, "Bank.export {log:?}").unwrap();
    let finished = run(&["--quiet"], &script);
    assert!(finished.stdout.ends_with("{:ok, %{events: 5001}}\n"), "{}", finished.stderr);
    log.to_str().unwrap().to_owned()
}

#[test]
fn at_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let log = export(directory.path());
    let terminal = Terminal::open();
    let copy = directory.path().join("copy.jsonl");
    let statements = [
        (format!("Bank.open {:?}", directory.path().join("bank.db")), vec![]),
        (format!("Bank.import {log:?}"), vec!["check", "import"]),
        ("Bank.verify".to_owned(), vec!["verify"]),
        ("Bank.rebuild".to_owned(), vec!["rebuild"]),
        (format!("Bank.export {copy:?}"), vec!["export"]),
    ];
    for (number, (statement, work)) in statements.iter().enumerate() {
        let before = terminal.received.lock().unwrap().len();
        terminal.enter(statement);
        terminal.wait_for_statement(number + 2);
        let received = String::from_utf8_lossy(&terminal.received.lock().unwrap()[before..]).into_owned();
        for work in work {
            // Each line is written over the one before …
            assert!(received.contains(&format!("\r\u{1b}[K{work}: ")), "{received:?}");
            // … and the last one is removed.
            assert!(received.contains(" of 5,001 events\r\u{1b}[K{:ok, %{events: 5001"), "{received:?}");
        }
    }
    let lines = terminal.lines();
    assert!(!lines.iter().any(|line| line.contains(" of 5,001 events")), "{lines:?}");
    let replies: Vec<_> = lines.iter().filter(|line| line.starts_with("{:ok, %{events: 5001")).collect();
    assert_eq!(replies.len(), 4, "{lines:?}");
}

#[test]
fn a_backup_at_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let log = export(directory.path());
    let path = |name: &str| directory.path().join(name);
    let terminal = Terminal::open();
    let mut number = 1;
    let mut enter = |statement: String| {
        let before = terminal.received.lock().unwrap().len();
        terminal.enter(&statement);
        number += 1;
        terminal.wait_for_statement(number);
        String::from_utf8_lossy(&terminal.received.lock().unwrap()[before..]).into_owned()
    };
    for (open, copy, unit) in [
        (format!("Bank.open {:?}", path("bank.db")), path("1.db"), "pages"),
        ("Bank.open \"memory\"".to_owned(), path("2.db"), "events"),
    ] {
        enter(open);
        enter(format!("Bank.import {log:?}"));
        let received = enter(format!("Bank.backup {copy:?}"));
        let copying = received.split("\r\u{1b}[K").find(|line| line.starts_with("backup: "));
        assert!(copying.is_some_and(|line| line.ends_with(unit)), "{received:?}");
        assert!(received.contains("\r\u{1b}[Kcheck: 5,001 of 5,001 events\r\u{1b}[K:ok"), "{received:?}");
        enter("Bank.close".to_owned());
    }
    let lines = terminal.lines();
    assert!(!lines.iter().any(|line| line.contains("check: ") || line.contains("backup: ")), "{lines:?}");
}

#[test]
fn elsewhere_it_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let log = export(directory.path());
    let file = directory.path().join("bank.db");
    let copy = directory.path().join("copy.jsonl");
    let backup = directory.path().join("monday.db");
    let script = format!(
        "Bank.open {file:?}\nBank.import {log:?}\nBank.verify\nBank.rebuild\nBank.export {copy:?}\nBank.backup {backup:?}\n"
    );
    let finished = run(&["--quiet"], script);
    let replies = [
        &format!("{{:ok, #Bank<sqlite:{}>}}", file.display()),
        "{:ok, %{events: 5001}}",
        "{:ok, %{events: 5001, streams: 1, snapshots: 19}}",
        "{:ok, %{events: 5001}}",
        "{:ok, %{events: 5001}}",
        ":ok",
    ];
    assert_eq!(finished.stdout.lines().collect::<Vec<_>>(), replies);
    assert_eq!((finished.stderr.as_str(), finished.exit_code), ("", Some(0)));
}
