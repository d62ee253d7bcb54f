//! Who speaks to one program, which is killed and suspended at any moment if that is wished for.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clients::Client;
use crate::judge::NEVER;
use crate::judge::bank::{Call, Heard, Said, heard};
use crate::nodes::HANG;
use crate::programs::{closed_program, url};
use crate::random::Random;
use crate::several_programs_on_one_cluster_answer_as_one::Round;

/// So many accounts are in use at a time.
const ACCOUNTS: u64 = 4;

/// So many operations later a new account comes into use, and an old one is left.
const NEW_ACCOUNT: u64 = 100;

/// So long a program is suspended at the most, in milliseconds.
const SUSPENDED: u64 = 3_000;

/// Who speaks to one program.
pub(crate) struct Speaker<'a> {
    round: &'a Round<'a>,
    number: usize,
    random: Random,
    pub(crate) program: Option<Client>,
    /// A position it has heard of.
    position: u64,
}

impl<'a> Speaker<'a> {
    pub(crate) fn new(round: &'a Round<'a>, number: usize) -> Self {
        let random = Random::new(round.seed * 100 + number as u64);
        Self { round, number, random, program: None, position: 0 }
    }

    pub(crate) fn problem(&self, problem: String) {
        self.round.problems.lock().unwrap().push(format!("client {}: {problem}", self.number));
    }

    /// Where the program keeps its replica, and what it has seen: as on a machine of its own.
    fn state(&self) -> PathBuf {
        self.round.directory.path().join(format!("program-{}", self.number))
    }

    /// The program, with the bank open.
    pub(crate) fn program(&mut self) -> &mut Client {
        let deadline = Instant::now() + HANG;
        while self.program.is_none() {
            assert!(Instant::now() < deadline, "{}", self.round.problems.lock().unwrap().join("\n"));
            let url = url(self.round.cluster, &self.round.stream);
            let mut program = closed_program(&self.state());
            let create = if self.number == self.round.programs { ", create: true" } else { "" };
            match program.ask(&format!("Bank.open {url:?}{create}")) {
                Some(answer) if answer["reply"].get("ok").is_some() => self.program = Some(program),
                Some(answer) if answer["reply"]["error"] == "unavailable" => drop(program.leave()),
                answer => {
                    let ended = program.leave();
                    self.problem(format!("Bank.open: {answer:?} {ended:?}"));
                }
            }
        }
        self.program.as_mut().unwrap()
    }

    pub(crate) fn speak(mut self, is_disturbed: bool) {
        let mut behind = None;
        while !self.round.is_over.load(Ordering::Relaxed) {
            let said = behind.take().unwrap_or_else(|| self.next());
            match self.random.below(200) {
                0..=3 if is_disturbed => self.killed(said),
                4 if is_disturbed => self.suspended(said),
                5 if is_disturbed => self.left(),
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
        if !positions.is_empty() {
            self.round.stored.fetch_add(1, Ordering::Relaxed);
        }
        self.position = positions.iter().copied().fold(self.position, u64::max);
        let call = Call { client: self.number, called, returned, said, heard: heard.clone(), positions };
        self.round.calls.lock().unwrap().push(call);
        heard
    }

    fn say(&mut self, said: &Said) -> i64 {
        self.program();
        let called = self.round.ticks.next();
        self.program().say(&said.to_string());
        called
    }

    pub(crate) fn call(&mut self, said: Said) -> Heard {
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
        let milliseconds = self.random.below(SUSPENDED);
        self.program().signal("-STOP");
        // As long as it is suspended.
        thread::sleep(Duration::from_millis(milliseconds));
        self.program().signal("-CONT");
        self.hear(called, said);
    }

    pub(crate) fn left(&mut self) {
        if let Some(ended) = self.program.take().map(Client::leave)
            && !ended.is_well()
        {
            self.problem(format!("the program has failed: {ended:?}"));
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
