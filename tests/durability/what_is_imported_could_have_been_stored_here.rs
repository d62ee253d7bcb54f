//! An import accepts only what this bank could have stored itself: no name has hidden characters, every time can be written
//! and is not in the future, no PIN is expensive to check, and no account has too many transfers under way. It stores what
//! it has checked, which can be exported and imported again.

use std::fs;
use std::os::unix::fs::FileExt as _;

use cqrs_bank::bank::{Bank, ImportStep, StoreUrl};
use tempfile::{TempDir, tempdir};

use crate::accounts::{account, money};
use crate::program::{Finished, run};

/// The log of a bank of two accounts, and the folder it lies in.
fn exported() -> (TempDir, String) {
    let directory = tempdir().unwrap();
    let path = directory.path().join("log.jsonl");
    let script =
        format!("Bank.open; Bank.create 1, \"Josh\"; Bank.create 2, \"Ann\"; Bank.deposit 1, 5; Bank.export {path:?}");
    assert_eq!(run(&["--seed", "1", "-c", &script], "").exit_code, Some(0));
    (directory, fs::read_to_string(path).unwrap())
}

/// Imports a log into an empty bank, and exports it again. Answers what was exported, or why it was not imported.
fn imported(directory: &TempDir, log: &str) -> Result<String, String> {
    imported_with(directory, log, "")
}

fn imported_with(directory: &TempDir, log: &str, options: &str) -> Result<String, String> {
    let [path, again] = ["changed.jsonl", "again.jsonl"].map(|name| directory.path().join(name));
    fs::write(&path, log).unwrap();
    let _ = fs::remove_file(&again);
    let script = format!("Bank.open; Bank.import {path:?}{options}; Bank.export {again:?}");
    let Finished { stderr, .. } = run(&["--quiet", "-c", &script], "");
    match stderr.lines().next() {
        None => Ok(fs::read_to_string(again).unwrap()),
        Some(error) => Err(error.strip_prefix(&format!("error: {}:", path.display())).unwrap_or(error).to_owned()),
    }
}

#[test]
fn a_holder_that_disguises_itself_is_refused_with_its_line() {
    let (directory, log) = exported();
    assert_eq!(imported(&directory, &log).as_ref(), Ok(&log));
    for disguised in [r"A\u001b[2Jnn", r"Ann\n", r"Ann\u0000", r"\u202enn", r"A\u2028n"] {
        let changed = log.replace(r#""account_holder":"Ann""#, &format!(r#""account_holder":"{disguised}""#));
        assert_ne!(changed, log);
        let expected =
            "2: the holder of its account: a name cannot hold control or bidirectional control characters".to_owned();
        assert_eq!(imported(&directory, &changed), Err(expected), "{disguised}");
    }
    let other = log.replace(r#""account_holder":"Ann""#, r#""account_holder":"Zoë 🐺 O'Wolf""#);
    assert_eq!(imported(&directory, &other).as_ref(), Ok(&other));
}

/// No `--user` ever accepted such a name.
#[test]
fn a_user_that_disguises_itself_is_refused_with_its_line() {
    let (directory, log) = exported();
    let by = |user: &str| {
        let last = log.lines().last().unwrap();
        let named: serde_json::Value = serde_json::from_str(last).unwrap();
        let mut named = named.as_object().unwrap().clone();
        named.insert("metadata".into(), serde_json::json!({"user": user}));
        log.replace(last, &serde_json::Value::Object(named).to_string())
    };
    for (user, reason) in [
        ("J\u{1b}[2Josh", "a name cannot hold control or bidirectional control characters"),
        ("\u{202e}hsoJ", "a name cannot hold control or bidirectional control characters"),
        ("", "a name cannot be empty"),
        (&"x".repeat(65), "a name has at most 64 characters"),
    ] {
        assert_eq!(imported(&directory, &by(user)), Err(format!("3: its user: {reason}")), "{user:?}");
    }
    for user in ["Zoë 🐺", "Josh ", "Jo\u{200b}sh"] {
        assert!(imported(&directory, &by(user)).is_ok(), "{user:?}: an earlier version accepted it");
    }
}

/// Names, memos and reasons from before it was refused that they look like others.
#[test]
fn what_looks_like_another_name_stays_valid_where_it_is_stored() {
    let (directory, _) = exported();
    let path = directory.path().join("old.jsonl");
    let script = format!(
        "Bank.open; Bank.create \"Ann_\", \"Holder_\", email: \"a_@b\"; Bank.create \"Bob\"; Bank.change_holder \"Bob\", \"Other_\"; \
         Bank.deposit \"Ann_\", 5, memo: \"Memo_\"; Bank.freeze \"Bob\", reason: \"Reason_\"; Bank.export {path:?}"
    );
    assert_eq!(run(&["--seed", "1", "-c", &script], "").exit_code, Some(0));
    let log = fs::read_to_string(&path).unwrap();
    for hidden in [" ", "\u{200b}", "e\u{308}"] {
        let values = ["Ann", "Holder", "Other", "Memo", "Reason"];
        let with = |log: String, value: &&str| log.replace(&format!("{value}_"), &format!("{value}{hidden}"));
        let old = values.iter().fold(log.replace("a_@b", "a\u{200b}@b"), with);
        assert_eq!(imported(&directory, &old).as_ref(), Ok(&old), "{hidden:?}");
        let changed = directory.path().join("changed.jsonl");
        let script = format!(
            "Bank.open; Bank.import {changed:?}; Bank.withdraw \"Ann{hidden}\", 2; Bank.check_balance \"Ann{hidden}\"; \
             Bank.transfer \"Ann{hidden}\", \"Bob\", 3; Bank.get_account_list holder: \"Holder{hidden}\"; \
             Bank.create \"New{hidden}\"; Bank.verify"
        );
        let Finished { stdout, .. } = run(&["--quiet", "-c", &script], "");
        let lines: Vec<_> = stdout.lines().skip(2).collect();
        assert_eq!((lines[0], lines[1], lines[2]), (":ok", "3", ":ok"), "{hidden:?}");
        assert!(lines[3].contains("holder:"), "{lines:?}");
        assert_eq!(lines[4], "{:error, :invalid_name}");
        assert!(lines.last().unwrap().starts_with("{:ok, %{events:"), "{lines:?}");
    }
}

/// The log with another time from a line on, counted from 0.
fn at(log: &str, line: usize, time: &str) -> String {
    let lines = log.lines().enumerate().map(|(number, text)| match number >= line {
        true => {
            let (before, rest) = text.split_once(r#""time":""#).unwrap();
            format!("{before}\"time\":\"{time}\"{}\n", rest.split_once('"').unwrap().1)
        }
        false => format!("{text}\n"),
    });
    lines.collect()
}

#[test]
fn times_travel_up_to_the_last_one_that_can_be_written() {
    let (directory, log) = exported();
    assert_eq!(at(&log, 9, ""), log);
    for time in ["9998-12-31T23:59:59.999999Z", "9999-01-01T00:00:00.000000Z", "9999-12-30T22:00:00.000000Z"] {
        let changed = at(&log, 1, time);
        assert_eq!(imported_with(&directory, &changed, ", future: true").as_ref(), Ok(&changed));
    }
    for time in [
        "9999-12-30T22:00:00.000001Z",
        "9999-12-30T22:00:01.000000Z",
        "9999-12-31T23:59:59.000000Z",
        "10000-01-01T00:00:00.000000Z",
        "+010000-01-01T00:00:00.000000Z",
        "999999999999999999 microseconds since 1970",
    ] {
        let expected = "2: a time looks like 2026-11-20T10:00:00Z, and the last one is 9999-12-30T22:00:00Z".to_owned();
        assert_eq!(imported_with(&directory, &at(&log, 1, time), ", future: true"), Err(expected), "{time}");
    }
}

#[test]
fn times_in_the_future_are_refused_unless_they_are_asked_for() {
    let (directory, log) = exported();
    let in_hours = |hours: i64| {
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        at(&log, 1, &format!("{time:.6}"))
    };
    let tomorrow = in_hours(23);
    assert_eq!(imported(&directory, &tomorrow).as_ref(), Ok(&tomorrow));
    let later = in_hours(25);
    let problem = "2: its time is more than a day ahead of this machine's clock; `future: true` imports it";
    assert_eq!(imported(&directory, &later), Err(problem.to_owned()));
    assert_eq!(imported_with(&directory, &later, ", future: false"), Err(problem.to_owned()));
    assert_eq!(imported_with(&directory, &later, ", future: true").as_ref(), Ok(&later));
}

#[test]
fn a_pin_that_is_expensive_to_check_is_refused() {
    let (directory, log) = exported();
    let verifier = "$argon2id$v=19$COST$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let with = |cost: &str| {
        let holder = format!(r#""pin_verifier":"{}""#, verifier.replace("COST", cost));
        log.replace(r#""account_holder":"Ann""#, &format!(r#""account_holder":"Ann",{holder}"#))
    };
    for cost in ["m=262144,t=1,p=1", "m=19456,t=16,p=1", "m=19456,t=2,p=16"] {
        let expected = "2: its PIN is too expensive to check".to_owned();
        assert_eq!(imported(&directory, &with(cost)), Err(expected), "{cost}");
    }
    assert!(imported(&directory, &with("m=38912,t=2,p=1")).is_ok());
}

#[test]
fn no_account_has_more_transfers_under_way_than_it_would_begin() {
    let (directory, log) = exported();
    let mut log = log.replace(r#""amount":5}"#, r#""amount":5000}"#);
    let template = log.lines().last().unwrap().to_owned();
    for number in 1..=1_025_u64 {
        let id = format!("00000000-0000-7000-8000-{number:012x}");
        let line: serde_json::Value = serde_json::from_str(&template).unwrap();
        let mut line = line.as_object().unwrap().clone();
        line.insert("position".into(), (3 + number).into());
        line.insert("version".into(), (2 + number).into());
        line.insert("type".into(), "money_reserved_for_transfer".into());
        let data = serde_json::json!({"account_id": "1", "transfer_id": id, "payee": "2", "amount": 1});
        line.insert("data".into(), data);
        for name in ["command_id", "correlation_id", "causation_id"] {
            line.insert(name.into(), id.clone().into());
        }
        log += &format!("{}\n", serde_json::Value::Object(line));
    }
    let refused = imported(&directory, &log).unwrap_err();
    assert!(refused.starts_with("1028: its account: "), "{refused}");
}

/// The file is read again to be stored, and has changed since it was checked.
#[tokio::test]
async fn what_is_changed_after_it_was_checked_is_noticed() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("log.jsonl");
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    bank.create(&account("Wolfman")).await.unwrap();
    for _ in 0..3_000 {
        bank.deposit(&account("Wolfman"), money(1)).await.unwrap();
    }
    bank.export(&path, |_, _| {}).await.unwrap();
    bank.close().await;
    let text = fs::read_to_string(&path).unwrap();
    let last_amount = text.rfind(r#""amount":1"#).unwrap() as u64 + 9;
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    let change = |step, _, _| {
        if step == ImportStep::Store {
            file.write_all_at(b"9", last_amount).unwrap();
        }
    };
    let error = bank.import(&path, change).await.unwrap_err().to_string();
    assert!(error.contains("the file was changed after it was checked"), "{error}");
    assert!(bank.check_balance(&account("Wolfman")).await.is_err(), "half a log is no bank");
}
