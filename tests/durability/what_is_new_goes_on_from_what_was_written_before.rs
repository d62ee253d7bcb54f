//! A file and an export of a version that knew no memos, booking dates and reversals are read as ever, and what is new goes
//! on from them: what was booked then is reversed now.

use std::fs;
use std::path::Path;

use crate::program::run;

/// The head of the export, as the version noted it that wrote it.
const HEAD: &str = "299:027f7d6700f10d65548dac6f6d851189";

/// Position 8 is a deposit of 5000, 26 to 28 are a transfer of 25, and 29 one that was released.
const NEW: &str = r#"
Bank.deposit "Wolfman", 1, memo: "Salary", on: "2025-12-31"
Bank.transfer "Wolfman", "Teller", 2, memo: "Rent", on: "2025-12-31"
Bank.reverse 27, memo: "Sent twice"
Bank.reverse 28
Bank.reverse 29
Bank.reverse 9
Bank.reverse 8
Bank.verify
"#;

const REPLIES: &str = ":ok
:ok
:ok
{:error, :already_reversed}
{:error, :nothing_to_reverse}
:ok
{:error, :account_overdrawn}
";

fn kept(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/written_by_version_1").join(name)).unwrap()
}

fn said(text: &str) -> String {
    let finished = run(&["--quiet", "--seed", "9"], text);
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    finished.stdout
}

/// Whether the replies after `before` others are those to what is new, and nothing is wrong then.
fn goes_on(stdout: &str, before: usize) {
    let replies: String = stdout.lines().skip(before).map(|line| format!("{line}\n")).collect();
    let verified = replies.strip_prefix(REPLIES).unwrap_or_else(|| panic!("{stdout}"));
    assert!(verified.starts_with("{:ok, %{events: "), "{stdout}");
}

#[test]
fn a_file() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["bank.db", "bank.db-end"] {
        fs::write(directory.path().join(name), kept(name)).unwrap();
    }
    let path = directory.path().join("bank.db");
    goes_on(&said(&format!("Bank.open {path:?}{NEW}")), 1);
    // Opened again, it has the same balances, and is exported and imported with what is new.
    let export = directory.path().join("events.jsonl");
    let copy = directory.path().join("copy.db");
    let balances = r#"Bank.check_balance "Wolfman"; Bank.check_balance "CEO"; Bank.head"#;
    let here = said(&format!("Bank.open {path:?}\nBank.export {export:?}\n{balances}"));
    let there = said(&format!("Bank.open {copy:?}\nBank.import {export:?}\n{balances}; Bank.verify"));
    let answers = |stdout: &str| stdout.lines().skip(2).take(3).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(answers(&there), answers(&here));
    assert!(there.lines().last().unwrap().starts_with("{:ok, %{events: "), "{there}");
}

#[test]
fn an_export() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old.jsonl"), directory.path().join("new.jsonl"));
    fs::write(&old, kept("events.jsonl")).unwrap();
    for store in ["", &format!(" {:?}", directory.path().join("bank.db"))] {
        let opened = format!("Bank.open{store}\nBank.import {old:?}\nBank.head\nBank.export {new:?}");
        let stdout = said(&format!("{opened}{NEW}"));
        assert_eq!(stdout.lines().nth(2), Some(format!("{HEAD:?}").as_str()));
        assert_eq!(fs::read(&new).unwrap(), kept("events.jsonl"), "it is exported as it was");
        fs::remove_file(&new).unwrap();
        goes_on(&stdout, 4);
    }
}
