//! Ctrl-Z and `fg` in the middle of long work or a long table: it goes on to its end, and the prompt edits afterwards.

use std::path::Path;

use crate::a_stopped_program_goes_on_where_it_was::{is_raw, under_a_shell};
use crate::program::run;
use crate::terminal::{CTRL_C, CTRL_Z, LEFT, SHELL, Terminal};

/// Writes the log of a bank with many events to a file, and answers with its path.
fn exported(directory: &Path) -> String {
    let log = directory.join("events.jsonl").to_str().unwrap().to_owned();
    let deposits = "Bank.deposit 1, 1\n".repeat(20_000);
    let finished = run(&["--quiet"], format!("Bank.open\nBank.create 1\n{deposits}Bank.export {log:?}\n"));
    assert!(finished.stdout.ends_with("{:ok, %{events: 20001}}\n"), "{}", finished.stderr);
    log
}

/// Stops the program as soon as it shows something, and lets it go on.
fn stop_at(terminal: &Terminal, what: &str, times: usize) {
    terminal.wait_until(what, |screen| screen.contents().contains(what));
    terminal.keys(CTRL_Z);
    terminal.wait_until("the shell", |screen| screen.contents().trim_end().ends_with(SHELL.trim_end()));
    terminal.enter("fg");
    terminal.wait_for_statement(times);
}

/// The prompt edits: completion, and a key in the middle of what was typed.
fn assert_edits(terminal: &Terminal, number: usize) {
    terminal.wait_for_modes("keys", is_raw);
    terminal.keys("Bank.check_b");
    terminal.wait_until("what was typed", |screen| screen.contents().trim_end().ends_with("Bank.check_b"));
    terminal.keys(&format!("{LEFT}x"));
    terminal
        .wait_until("the key", |screen| screen.contents().trim_end().ends_with(&format!("({number})> Bank.check_xb")));
    terminal.keys(CTRL_C);
    terminal.wait_for_statement(number);
}

#[test]
fn in_long_work() {
    let directory = tempfile::tempdir().unwrap();
    let log = exported(directory.path());
    let terminal = under_a_shell();
    terminal.enter(&format!("Bank.open {:?}", directory.path().join("bank.db")));
    terminal.wait_for_statement(2);
    terminal.enter(&format!("Bank.import {log:?}"));
    stop_at(&terminal, "import: ", 3);
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "{:ok, %{events: 20001}}");
    assert_edits(&terminal, 3);
    terminal.enter("Bank.verify");
    stop_at(&terminal, "verify: ", 4);
    assert!(
        terminal.lines().iter().rev().nth(1).unwrap().starts_with("{:ok, %{events: 20001"),
        "{:?}",
        terminal.lines()
    );
    assert_edits(&terminal, 4);
}

#[test]
fn in_a_long_table() {
    let directory = tempfile::tempdir().unwrap();
    let log = exported(directory.path());
    let terminal = under_a_shell();
    terminal.enter("Bank.open");
    terminal.wait_for_statement(2);
    terminal.enter(&format!("Bank.import {log:?}"));
    terminal.wait_for_statement(3);
    terminal.enter("Bank.events limit: 20_000");
    stop_at(&terminal, "money_deposited", 4);
    let lines = terminal.lines();
    assert!(lines.iter().any(|line| line.starts_with("20001")), "the last row is shown: {lines:?}");
    assert_edits(&terminal, 4);
}
