//! An import takes what this bank could have stored itself: nobody's name disguises itself, and every time is one that
//! can be written. What it takes can be exported and imported again.

use std::fs;

use tempfile::{TempDir, tempdir};

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
    let [path, again] = ["changed.jsonl", "again.jsonl"].map(|name| directory.path().join(name));
    fs::write(&path, log).unwrap();
    let _ = fs::remove_file(&again);
    let script = format!("Bank.open; Bank.import {path:?}; Bank.export {again:?}");
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

#[test]
fn times_travel_up_to_the_last_one_that_can_be_written() {
    let (directory, log) = exported();
    let at = |line: usize, time: &str| {
        let lines = log.lines().enumerate().map(|(number, text)| match number >= line {
            true => {
                let (before, rest) = text.split_once(r#""time":""#).unwrap();
                format!("{before}\"time\":\"{time}\"{}\n", rest.split_once('"').unwrap().1)
            }
            false => format!("{text}\n"),
        });
        lines.collect::<String>()
    };
    assert_eq!(at(9, ""), log);
    for time in ["9998-12-31T23:59:59.999999Z", "9999-01-01T00:00:00.000000Z", "9999-12-30T22:00:00.000000Z"] {
        let changed = at(1, time);
        assert_eq!(imported(&directory, &changed).as_ref(), Ok(&changed));
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
        assert_eq!(imported(&directory, &at(1, time)), Err(expected), "{time}");
    }
}
