//! What one program has acknowledged, the next answer of every other program on the file knows, whatever is asked: that
//! is `:strong`. Under `:eventual` an answer may be of an earlier moment, and none of a read model is of an earlier
//! moment than the one before it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use crate::clients::Client;
use crate::program::bank;

/// So often each question is tried.
const TRIES: u64 = 300;

fn bank_on(path: &Path) -> Client {
    let mut program = Client::start(bank(&["--json", "--store", path.to_str().unwrap()]));
    assert!(program.reply("Bank.open").get("ok").is_some());
    program
}

fn two_programs() -> (TempDir, PathBuf, Client, Client) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut one = bank_on(&path);
    for statement in ["Bank.create 1", "Bank.create 2", "Bank.deposit 2, 1_000_000"] {
        assert_eq!(one.reply(statement), "ok");
    }
    let mut other = bank_on(&path);
    assert_eq!(other.reply("Bank.check_balance 2"), 1_000_000);
    (directory, path, one, other)
}

/// Has one program do something again and again, and asks another right behind each answer.
fn always_knows(tries: u64, statement: impl Fn(u64) -> String, question: &str, knows: impl Fn(u64, &Value) -> bool) {
    let (_directory, _, mut one, mut other) = two_programs();
    let mut late = Vec::new();
    for number in 1..=tries {
        assert_eq!(one.reply(&statement(number)), "ok");
        let answer = other.reply(question);
        if !knows(number, &answer) {
            late.push(format!("after {}: {answer}", statement(number)));
        }
    }
    let found = late.len();
    late.truncate(3);
    assert_eq!(found, 0, "of {tries}: {late:#?}");
}

#[test]
fn a_balance_knows_every_deposit() {
    let deposit = |_| "Bank.deposit 1, 1".to_owned();
    always_knows(TRIES, deposit, "Bank.check_balance 1", |number, balance| *balance == number);
}

#[test]
fn total_deposits_know_every_deposit() {
    let deposit = |_| "Bank.deposit 1, 1".to_owned();
    always_knows(TRIES, deposit, "Bank.get_total_deposits", |number, total| *total == 1_000_000 + number);
}

#[test]
fn a_rebuild_has_every_deposit() {
    let deposit = |_| "Bank.deposit 1, 1".to_owned();
    let has = |number, rebuilt: &Value| rebuilt["ok"]["events"].as_u64() >= Some(3 + number);
    always_knows(TRIES / 3, deposit, "Bank.rebuild", has);
}

#[test]
fn the_list_knows_every_account() {
    let create = |number| format!("Bank.create \"new {number}\"");
    let knows = |number, list: &Value| {
        let list = list.as_array().unwrap();
        list.len() as u64 == 2 + number && list.last().unwrap()["id"] == format!("new {number}")
    };
    always_knows(TRIES / 3, create, "Bank.get_account_list", knows);
}

#[test]
fn the_transfers_know_every_end_of_one() {
    let transfer = |_| "Bank.transfer 2, 1, 1".to_owned();
    let knows = |number, transfers: &Value| {
        let transfers = transfers.as_array().unwrap();
        transfers.len() as u64 == number && transfers.iter().all(|transfer| transfer["state"] == "settled")
    };
    always_knows(TRIES / 3, transfer, "Bank.transfers", knows);
}

/// A later answer is of no earlier moment, be it of another read model: each deposit into the only account with money is
/// in both of them.
#[test]
fn a_later_answer_of_any_read_model_is_of_no_earlier_moment() {
    beside_deposits(|other, _| {
        let (mut last, mut backwards) = (0, Vec::new());
        for number in 0..TRIES {
            let question = ["Bank.check_balance 1", "Bank.get_total_deposits"][(number % 2) as usize];
            let answer = other.reply(question).as_u64().unwrap();
            let answer = if question == "Bank.check_balance 1" { answer } else { answer - 1_000_000 };
            if answer < last {
                backwards.push(format!("{question}: {answer} after {last}"));
            }
            last = answer.max(last);
        }
        assert!(backwards.is_empty(), "{backwards:#?}");
    });
}

#[test]
fn under_eventual_consistency_no_read_model_goes_back_and_all_is_known_in_the_end() {
    beside_deposits(|other, ends| {
        assert_eq!(other.reply("Bank.consistency :eventual"), "ok");
        let mut last = [0; 2];
        for number in 0..2 * TRIES as usize {
            let question = ["Bank.check_balance 1", "Bank.get_total_deposits"][number % 2];
            let answer = other.reply(question).as_u64().unwrap();
            assert!(answer >= last[number % 2], "{question}: {answer} after {}", last[number % 2]);
            last[number % 2] = answer;
        }
        let deposits = ends();
        while other.reply("Bank.check_balance 1") != deposits {
            thread::yield_now();
        }
        while other.reply("Bank.get_total_deposits") != 1_000_000 + deposits {
            thread::yield_now();
        }
    });
}

/// While one program makes deposits of 1, another is asked. The second argument ends that, and says how many there were.
fn beside_deposits(ask: impl FnOnce(&mut Client, &mut dyn FnMut() -> u64)) {
    let (_directory, _, mut one, mut other) = two_programs();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        let mut busy = Some(scope.spawn(|| {
            let mut deposits = 0;
            while !ends.load(Ordering::Relaxed) {
                assert_eq!(one.reply("Bank.deposit 1, 1"), "ok");
                deposits += 1;
            }
            deposits
        }));
        let on_drop = EndsOnDrop(&ends);
        ask(&mut other, &mut || {
            ends.store(true, Ordering::Relaxed);
            busy.take().unwrap().join().unwrap()
        });
        drop(on_drop);
    });
}

/// Also when a test fails, nobody waits for ever.
struct EndsOnDrop<'a>(&'a AtomicBool);

impl Drop for EndsOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
