//! Several programs work on one file, are killed and suspended at any moment and start again: one order of operations
//! explains every answer that any of them gave, and keeps to the order in which it was asked and answered.
//!
//! `BANK_LINEARIZABLE_SECONDS` sets for how long, in rounds of ten seconds, each with a file of its own.
//! `BANK_LINEARIZABLE_SEED` sets what is asked; how it falls together differs from run to run.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clients::Client;
use crate::judge::bank::{Call, Heard, Said, heard, judge_bank};
use crate::judge::bank_log::BankLog;
use crate::judge::{NEVER, Ticks};
use crate::load::setting;
use crate::program::bank;
use crate::random::Random;

const ROUND: Duration = Duration::from_secs(10);

/// In an ordinary run.
const SECONDS: u64 = 5;

const PROGRAMS: usize = 5;

/// So many accounts are in use at a time.
const ACCOUNTS: u64 = 4;

/// So many operations later a new account comes into use, and an old one is left.
const NEW_ACCOUNT: u64 = 100;

/// So long a program is suspended at the most.
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
    directory: tempfile::TempDir,
    ticks: Ticks,
    /// Every operation has a number of its own.
    numbers: AtomicU64,
    calls: Mutex<Vec<Call>>,
    problems: Mutex<Vec<String>>,
}

impl Round {
    fn new(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (calls, problems) = (Mutex::default(), Mutex::default());
        Self { seed, directory, ticks: Ticks::default(), numbers: AtomicU64::new(1), calls, problems }
    }

    fn run(self, until: Instant) {
        let path = self.directory.path().join("bank.db");
        thread::scope(|scope| {
            for number in 0..PROGRAMS {
                let (round, path) = (&self, &path);
                scope.spawn(move || {
                    let random = Random::new(round.seed * 100 + number as u64);
                    Speaker { round, path, number, random, program: None, position: 0 }.speak(until);
                });
            }
        });
        let log = self.last_questions(&path);
        let mut faults = self.problems.lock().unwrap().clone();
        let calls = self.calls.lock().unwrap();
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

    /// When what was begun has ended: a program that finds the file as all others have left it is asked for everything.
    fn last_questions(&self, path: &Path) -> Result<BankLog, String> {
        let mut last =
            Speaker { round: self, path, number: PROGRAMS, random: Random::new(0), program: None, position: 0 };
        last.program();
        last.left();
        let exported = self.directory.path().join("events.jsonl");
        let verified = last.program().ask("Bank.verify").map_or(Value::Null, |mut answer| answer["reply"].take());
        if verified.get("ok").is_none() {
            let ended = last.program.take().unwrap().leave();
            last.problem(format!("Bank.verify: {verified} {ended:?}"));
        }
        last.program().reply(&format!("Bank.export {exported:?}"));
        let log = BankLog::exported(&exported)?;
        for account in log.accounts() {
            last.call(Said::Balance { account: account.to_owned() });
        }
        for said in [Said::Total, Said::List, Said::Transfers { from: 1, limit: 100_000 }] {
            last.call(said);
        }
        last.left();
        match log.half_done() {
            0 => Ok(log),
            half_done => Err(format!("{half_done} transfers do not end")),
        }
    }
}

/// Who speaks to one program.
struct Speaker<'a> {
    round: &'a Round,
    path: &'a Path,
    number: usize,
    random: Random,
    program: Option<Client>,
    /// A position it has heard of.
    position: u64,
}

impl Speaker<'_> {
    fn problem(&self, problem: String) {
        self.round.problems.lock().unwrap().push(format!("client {}: {problem}", self.number));
    }

    /// The program, with the file open.
    fn program(&mut self) -> &mut Client {
        while self.program.is_none() {
            let mut program = Client::start(bank(&["--json", "--store", self.path.to_str().unwrap()]));
            match program.ask("Bank.open") {
                Some(answer) if answer["reply"].get("ok").is_some() => self.program = Some(program),
                _ => {
                    let ended = program.leave();
                    self.problem(format!("Bank.open: {ended:?}"));
                }
            }
        }
        self.program.as_mut().unwrap()
    }

    fn speak(mut self, until: Instant) {
        let mut behind = None;
        while Instant::now() < until {
            let said = behind.take().unwrap_or_else(|| self.next());
            match self.random.below(400) {
                0..=3 => self.killed(said),
                4 => self.suspended(said),
                5..=7 => self.left(),
                8..=9 => self.opened_again(),
                _ => {
                    let heard = self.call(said.clone());
                    behind = asked_behind(&said, &heard);
                }
            }
        }
        self.left();
    }

    fn next(&mut self) -> Said {
        let number = self.round.numbers.fetch_add(1, Ordering::Relaxed);
        let newest = number / NEW_ACCOUNT + ACCOUNTS;
        let mut account = || format!("account {}", newest - self.random.below(ACCOUNTS));
        let (account, payee) = (account(), account());
        match self.random.below(100) {
            0..=9 => Said::Create { account, holder: format!("holder {number}") },
            10..=27 => Said::Deposit { account, amount: number },
            28..=39 => Said::Withdraw { account, amount: number },
            40..=55 => Said::Transfer { payer: account, payee, amount: number },
            56..=85 => Said::Balance { account },
            86..=91 => Said::Total,
            92..=95 => Said::List,
            _ => Said::Transfers { from: self.position.saturating_sub(10), limit: 20 },
        }
    }

    fn record(&mut self, called: i64, said: Said, answer: Option<&Value>) -> Heard {
        let (heard, positions) = answer.map_or((Heard::Nothing, Vec::new()), |answer| heard(&said, answer));
        let returned = if heard == Heard::Nothing { NEVER } else { self.round.ticks.next() };
        self.position = positions.iter().copied().fold(self.position, u64::max);
        let call = Call { client: self.number, called, returned, said, heard: heard.clone(), positions };
        self.round.calls.lock().unwrap().push(call);
        heard
    }

    fn say(&mut self, said: &Said) -> i64 {
        let ticks = &self.round.ticks;
        let program = self.program();
        let called = ticks.next();
        program.say(&said.to_string());
        called
    }

    fn call(&mut self, said: Said) -> Heard {
        let called = self.say(&said);
        self.hear(called, said)
    }

    fn hear(&mut self, called: i64, said: Said) -> Heard {
        let answer = self.program().hear();
        if answer.is_none() {
            let ended = self.program.take().unwrap().leave();
            self.problem(format!("the program has ended by itself at {said}: {ended:?}"));
        }
        self.record(called, said, answer.as_ref())
    }

    /// Gives it some time, so that it is anywhere in what it does.
    fn wait_a_little(&mut self) {
        for _ in 0..self.random.below(1_000) {
            thread::yield_now();
        }
    }

    fn killed(&mut self, said: Said) {
        let called = self.say(&said);
        self.wait_a_little();
        self.program.take().unwrap().kill();
        self.record(called, said, None);
    }

    fn suspended(&mut self, said: Said) {
        let called = self.say(&said);
        self.wait_a_little();
        let milliseconds = match self.random.below(8) {
            0 => self.random.below(SUSPENDED),
            _ => self.random.below(SUSPENDED / 10),
        };
        self.program().signal("-STOP");
        thread::sleep(Duration::from_millis(milliseconds));
        self.program().signal("-CONT");
        self.hear(called, said);
    }

    fn left(&mut self) {
        if let Some(ended) = self.program.take().map(Client::leave)
            && !ended.is_well()
        {
            self.problem(format!("the program has failed: {ended:?}"));
        }
    }

    fn opened_again(&mut self) {
        for statement in ["Bank.close", "Bank.open"] {
            let answer = self.program().ask(statement).unwrap_or(Value::Null);
            if answer["reply"] != "ok" && answer["reply"].get("ok").is_none() {
                let ended = self.program.take().unwrap().leave();
                return self.problem(format!("{statement}: {} {ended:?}", answer["reply"]));
            }
        }
    }
}

/// Who is refused something asks right behind about what it was refused for.
fn asked_behind(said: &Said, heard: &Heard) -> Option<Said> {
    match (said, heard) {
        (Said::Create { account, .. } | Said::Transfer { payer: account, .. }, Heard::Refused(_))
        | (Said::Withdraw { account, .. }, Heard::Done) => Some(Said::Balance { account: account.clone() }),
        _ => None,
    }
}
