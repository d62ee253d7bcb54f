//! A program names its user in the log: the one of its flag, or else of its environment.

use std::fs;
use std::path::Path;

use cqrs_bank::bank::{AccountId, Bank, Options, StoreUrl};
use serde_json::{Value, json};

use crate::program::{Finished, bank, run_command};

/// Runs statements with the flags and the environment's user.
fn run_as(directory: &Path, flags: &[&str], user: Option<&str>, statements: &str) -> Finished {
    let mut command = bank(&[flags, &["--quiet", "--store", "bank.db"]].concat());
    command.current_dir(directory).envs(user.map(|user| ("BANK_USER", user)));
    run_command(command, statements)
}

#[test]
fn an_exported_event_has_the_user_in_its_metadata() {
    let directory = tempfile::tempdir().unwrap();
    let run = |flags: &[&str], user, statements: &str| {
        let finished = run_as(directory.path(), flags, user, statements);
        assert_eq!((finished.exit_code, &*finished.stderr), (Some(0), ""), "{}", finished.stdout);
    };
    run(&[], None, "Bank.open; Bank.create 1");
    run(&[], Some("Zoë"), "Bank.open; Bank.deposit 1, 1");
    run(&["--user", "Josh"], Some("Zoë"), "Bank.open; Bank.deposit 1, 2");
    run(&[], Some(""), "Bank.open; Bank.deposit 1, 3; Bank.export \"events.jsonl\"");

    let exported = fs::read_to_string(directory.path().join("events.jsonl")).unwrap();
    let metadata: Vec<_> = exported.lines().map(|line| metadata(&serde_json::from_str(line).unwrap())).collect();
    assert_eq!(metadata, [None, Some(json!({"user": "Zoë"})), Some(json!({"user": "Josh"})), None]);
    assert!(exported.contains(r#","metadata":{"user":"Zoë"}}"#), "{exported}");
}

fn metadata(line: &Value) -> Option<Value> {
    line.get("metadata").cloned()
}

#[test]
fn a_variable_that_is_no_name_is_refused_as_a_flag_is() {
    let directory = tempfile::tempdir().unwrap();
    let finished = run_as(directory.path(), &[], Some("a\u{1b}[2J"), "Bank.open");
    let why = "bank: BANK_USER: a name cannot hold control or bidirectional control characters";
    assert_eq!(finished.stderr, format!("{why}; bank --help lists the flags\n"));
    assert_eq!(finished.exit_code, Some(2));
    assert!(!directory.path().join("bank.db").exists(), "nothing runs");
}

/// A program of one's own may name a user as no flag could.
#[tokio::test]
async fn a_name_that_no_flag_takes_is_shown_escaped() {
    let directory = tempfile::tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let user = Some("a\u{1b}[2J\u{202e}".to_owned());
    let bank = Bank::open(Options { user, ..Options::from(store) }).await.unwrap();
    bank.create(&AccountId::new("1").unwrap()).await.unwrap();
    bank.close().await;
    let shown = run_as(directory.path(), &[], None, "Bank.open; Bank.events");
    assert!(shown.stdout.ends_with("  a\\u{1B}[2J\\u{202E}\n"), "{}", shown.stdout);
    let as_json = run_as(directory.path(), &["--json"], None, "Bank.open; Bank.events");
    assert!(as_json.stdout.contains(r#""user":"a\u001b[2J\u202e""#), "{}", as_json.stdout);
}
