//! Several programs work on one file, are killed and suspended at any moment and start again: one order of operations
//! explains every answer that any of them gave, and keeps to the order in which it was asked and answered.
//!
//! `BANK_LINEARIZABLE_SECONDS` sets for how long, in rounds of ten seconds, each with a file of its own.
//! `BANK_LINEARIZABLE_SEED` sets what is asked; how it falls together differs from run to run.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::clients::Client;
use crate::judge::NEVER;
use crate::judge::bank::judge_bank;
use crate::judge::bank_log::BankLog;
use crate::load::setting;
use crate::program::bank;
use crate::random::Random;
use crate::speaker::{Speaker, Spoken};

const ROUND: Duration = Duration::from_secs(10);

/// In an ordinary run.
const SECONDS: u64 = 5;

const PROGRAMS: usize = 5;

/// So long a program is suspended at the most, in milliseconds.
const SUSPENDED: u64 = 2_000;

#[test]
fn one_order_of_operations_explains_every_answer() {
    let until = Instant::now() + Duration::from_secs(setting("BANK_LINEARIZABLE_SECONDS", SECONDS));
    let mut seed = setting("BANK_LINEARIZABLE_SEED", 1);
    while Instant::now() < until {
        let now = Instant::now();
        Round::new(seed).run(until.min(now + ROUND));
        seed += 1;
    }
}

/// What all programs of a round share.
struct Round {
    seed: u64,
    directory: TempDir,
    spoken: Spoken,
}

impl Round {
    fn new(seed: u64) -> Self {
        Self { seed, directory: tempfile::tempdir().unwrap(), spoken: Spoken::default() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("bank.db")
    }

    fn run(self, until: Instant) {
        thread::scope(|scope| {
            for number in 0..PROGRAMS {
                let round = &self;
                scope.spawn(move || speak(round.speaker(number), until));
            }
        });
        let log = self.last_questions();
        let mut faults = self.spoken.problems.lock().unwrap().clone();
        let calls = self.spoken.calls.lock().unwrap();
        faults.extend(log.and_then(|log| judge_bank(&calls, &log)).err());
        let unanswered = calls.iter().filter(|call| call.returned == NEVER).count();
        eprintln!("seed {}: {} operations, {unanswered} without an answer", self.seed, calls.len());
        assert!(
            faults.is_empty(),
            "BANK_LINEARIZABLE_SEED={}, {} operations: {}",
            self.seed,
            calls.len(),
            faults.join("\n")
        );
    }

    /// Who speaks to a program with the file open.
    fn speaker(&self, number: usize) -> Speaker<'_> {
        Speaker::new(&self.spoken, number, Random::new(self.seed * 100 + number as u64), || {
            let mut program = Client::start(bank(&["--json", "--store", self.path().to_str().unwrap()]));
            match program.ask("Bank.open") {
                Some(answer) if answer["reply"].get("ok").is_some() => Ok(program),
                _ => Err(Some(format!("Bank.open: {:?}", program.leave()))),
            }
        })
    }

    /// When what was begun has ended: a program that finds the file as all others have left it is asked for everything.
    fn last_questions(&self) -> Result<BankLog, String> {
        let mut last = self.speaker(PROGRAMS);
        last.program();
        last.left();
        let exported = self.directory.path().join("events.jsonl");
        last.verify();
        last.program().reply(&format!("Bank.export {exported:?}"));
        let log = BankLog::exported(&exported)?;
        last.ask_for_all(&log);
        last.left();
        match log.half_done() {
            0 => Ok(log),
            half_done => Err(format!("{half_done} transfers do not end")),
        }
    }
}

fn speak(mut speaker: Speaker<'_>, until: Instant) {
    let mut behind = None;
    while Instant::now() < until {
        let said = behind.take().unwrap_or_else(|| speaker.next());
        match speaker.random.below(400) {
            0..=3 => speaker.killed(said),
            4 => {
                let most = if speaker.random.below(8) == 0 { SUSPENDED } else { SUSPENDED / 10 };
                let milliseconds = speaker.random.below(most);
                speaker.suspended(said, milliseconds);
            }
            5..=7 => speaker.left(),
            8..=9 => open_again(&mut speaker),
            _ => behind = speaker.talk(said),
        }
    }
    speaker.left();
}

fn open_again(speaker: &mut Speaker<'_>) {
    for statement in ["Bank.close", "Bank.open"] {
        let answer = speaker.program().ask(statement).unwrap_or(Value::Null);
        if answer["reply"] != "ok" && answer["reply"].get("ok").is_none() {
            return speaker.given_up(&format!("{statement}: {}", answer["reply"]));
        }
    }
}
