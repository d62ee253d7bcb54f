//! Where a machine's clock was ahead for a while, the log's order stays, and whoever goes on is told why all later
//! events have one time, once.

use std::fs;

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::program::{Finished, run};

/// A log of three events, written by a clock that was `years` ahead of the simulated one.
fn written_in(year: &str, seed: &str) -> (TempDir, String) {
    let directory = tempdir().unwrap();
    let path = directory.path().join("log.jsonl").to_str().unwrap().to_owned();
    let script = format!("Bank.open; Bank.create 1; Bank.deposit 1, 5; Bank.deposit 1, 5; Bank.export {path:?}");
    assert_eq!(run(&["--seed", seed, "-c", &script], "").exit_code, Some(0));
    let log = fs::read_to_string(&path).unwrap();
    assert_eq!(log.matches(r#""time":"2026-"#).count(), 3, "{log}");
    fs::write(&path, log.replace(r#""time":"2026-"#, &format!(r#""time":"{year}-"#))).unwrap();
    (directory, path)
}

const TOLD: &str = "00:00:00.000 [warn]  the log's last event is at 2100-01-01T00:00:01.006000Z, but this machine's clock \
    says ";
const WHY: &str = ": times in a log never go back, so events get the last event's time until the clock passes it, and \
    only their positions tell them apart\n";

fn assert_told_once(finished: &Finished) {
    let Finished { stdout, stderr, exit_code } = finished;
    assert_eq!((stderr.matches(TOLD).count(), stderr.matches(WHY).count()), (1, 1), "{stderr}");
    assert_eq!((stderr.lines().count(), *exit_code), (1, Some(0)), "{stdout}{stderr}");
}

fn replies(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["reply"].clone()).collect()
}

#[test]
fn it_is_told_once_in_memory_and_each_time_a_file_is_opened() {
    let (directory, log) = written_in("2100", "1");
    let file = directory.path().join("bank.db");
    let more = "Bank.deposit 1, 5; Bank.deposit 1, 5; Bank.create 2; Bank.close";
    for arguments in [&[][..], &["--seed", "2"], &["--store", file.to_str().unwrap()]] {
        let import = format!("Bank.open; Bank.import {log:?}, future: true; {more}");
        assert_told_once(&run(&[arguments, &["-c", &import]].concat(), ""));
    }
    let file = file.to_str().unwrap();
    assert_told_once(&run(&["--store", file, "-c", &format!("Bank.open; {more}")], ""));
    // A question is no event.
    let asked = run(&["--store", file, "-c", "Bank.open; Bank.check_balance 1"], "");
    assert_eq!(asked.stderr, "");
    let ask = r#"Bank.open; Bank.events; Bank.check_balance 1, as_of: "2100-01-01T00:00:01.006Z";
        Bank.check_balance 1, as_of: "2026-11-20T10:00:00Z"; Bank.check_balance 1, at: 4"#;
    let answers = replies(&run(&["--json", "--store", file, "-c", ask], "").stdout);
    let times: Vec<_> = answers[1].as_array().unwrap().iter().map(|event| event["time"].as_str().unwrap()).collect();
    assert_eq!(times[2..], ["2100-01-01T00:00:01.006000Z"; 6]);
    assert_eq!(answers[2..], [Value::from(30), Value::from("no_account"), Value::from(15)]);
}

/// While a decision waits for its place, others may have theirs stored.
#[test]
fn a_few_seconds_are_nothing_to_tell() {
    let (_directory, log) = written_in("2026", "9");
    let script = format!("Bank.open; Bank.import {log:?}; Bank.deposit 1, 5; Bank.events");
    let finished = run(&["--json", "--seed", "1", "-c", &script], "");
    assert_eq!((&*finished.stderr, finished.exit_code), ("", Some(0)));
    let events = &replies(&finished.stdout)[3];
    assert_eq!(events[3]["time"], events[2]["time"], "{events}");
}

/// The bank's clock is never behind its log: a booking without a date counts for the day of the last event, and one with a
/// date for none after it.
#[test]
fn a_booking_counts_for_no_day_after_the_logs() {
    let (_directory, log) = written_in("2100", "1");
    let script = format!(
        "Bank.open; Bank.import {log:?}, future: true; Bank.deposit 1, 5; Bank.deposit 1, 6, on: \"2100-01-01\"; \
         Bank.deposit 1, 7, on: \"2100-01-02\"; Bank.withdraw 1, 1, on: \"2050-01-01\"; \
         Bank.create 2, deposit: 3, on: \"2099-12-31\"; Bank.transfer 1, 2, 1, on: \"2100-01-02\"; \
         Bank.statement 1, from: \"2100-01-01\"; Bank.verify"
    );
    let replies = replies(&run(&["--json", "--seed", "2", "-c", &script], "").stdout);
    let future = serde_json::json!({"error": "future_date"});
    assert_eq!(replies[2..8], ["ok".into(), "ok".into(), future.clone(), "ok".into(), "ok".into(), future]);
    let amounts: Vec<_> = replies[8].as_array().unwrap().iter().map(|line| line["amount"].clone()).collect();
    assert_eq!(amounts, [Value::from(-1), Value::Null, Value::from(5), Value::from(5), Value::from(5), Value::from(6)]);
    assert_eq!(replies[9]["ok"]["events"], 8, "{}", replies[9]);
}
