//! A program that is alone on a file need not look at every question what others have acknowledged. It knows it all the
//! same: when another one has just come, when one has gone or was killed, and after it was suspended itself.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::EventStore as _;

use crate::another_program::{Program, Role};
use crate::clients::Client;
use crate::files::{OpenFile, open};
use crate::program::bank;

const TRIES: u64 = 20;

fn acknowledged(file: &OpenFile) -> u64 {
    file.store.acknowledged().map_or(0, Position::get)
}

/// Asks without end while something is done.
fn while_asked(file: &OpenFile, act: impl FnOnce()) {
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                acknowledged(file);
            }
        });
        let _ends = EndsOnDrop(&ends);
        act();
    });
}

/// Also when a test fails, nobody asks for ever.
struct EndsOnDrop<'a>(&'a AtomicBool);

impl Drop for EndsOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_program_stores_as_soon_as_it_has_come_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file.db");
    let file = open(&path);
    while_asked(&file, || {
        for number in 1..=TRIES {
            let mut other = Program::start(Role::AppendAtOnce, &path);
            assert_eq!(other.hear().as_deref(), Some("stored"));
            assert_eq!(acknowledged(&file), number, "it is there");
            if number % 2 == 0 {
                other.kill();
            } else {
                other.end();
            }
            assert_eq!(acknowledged(&file), number, "it has gone");
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stored_in_the_same_program_by_another_open_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file.db");
    let file = open(&path);
    for number in 1..=TRIES {
        assert_eq!(acknowledged(&file), number - 1);
        let other = open(&path);
        other.append("other", number - 1, &[number]).await;
        assert_eq!(acknowledged(&file), number, "it is open");
        drop(other);
        assert_eq!(acknowledged(&file), number, "it is closed");
    }
}

#[test]
fn a_program_that_was_suspended_knows_what_was_stored_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut one = bank_on(&path);
    assert_eq!(one.reply("Bank.create 1"), "ok");
    for number in 1..=TRIES {
        assert_eq!(one.reply("Bank.check_balance 1"), number - 1);
        one.signal("-STOP");
        let mut other = bank_on(&path);
        assert_eq!(other.reply("Bank.deposit 1, 1"), "ok");
        one.signal("-CONT");
        assert_eq!(one.reply("Bank.check_balance 1"), number);
        if number % 2 == 0 {
            other.kill();
        } else {
            assert!(other.leave().is_well());
        }
        assert_eq!(one.reply("Bank.check_balance 1"), number);
    }
}

fn bank_on(path: &Path) -> Client {
    let mut program = Client::start(bank(&["--json", "--store", path.to_str().unwrap()]));
    assert!(program.reply("Bank.open").get("ok").is_some());
    program
}
