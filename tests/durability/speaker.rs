//! Who speaks to one program of several that share a bank, and what all who do so have said and heard.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clients::Client;
use crate::judge::bank::{Call, Heard, Said, heard};
use crate::judge::bank_log::BankLog;
use crate::judge::{NEVER, Ticks};
use crate::random::Random;

/// So many accounts are in use at a time.
const ACCOUNTS: u64 = 4;

/// So many operations later a new account comes into use, and an old one is left.
const NEW_ACCOUNT: u64 = 100;

/// How long a bank may take to open.
const HANG: Duration = Duration::from_secs(90);

/// What all who speak to a bank have said and heard.
pub(crate) struct Spoken {
    ticks: Ticks,
    /// Every operation has a number of its own.
    numbers: AtomicU64,
    /// How many operations have stored something.
    pub(crate) stored: AtomicU64,
    pub(crate) calls: Mutex<Vec<Call>>,
    pub(crate) problems: Mutex<Vec<String>>,
}

impl Default for Spoken {
    fn default() -> Self {
        let (numbers, stored) = (AtomicU64::new(1), AtomicU64::new(0));
        Self { ticks: Ticks::default(), numbers, stored, calls: Mutex::default(), problems: Mutex::default() }
    }
}

/// Starts a program with the bank open, or says why it cannot; nothing, if that is to be expected.
type Open<'a> = Box<dyn Fn() -> Result<Client, Option<String>> + 'a>;

/// Who speaks to one program.
pub(crate) struct Speaker<'a> {
    spoken: &'a Spoken,
    number: usize,
    pub(crate) random: Random,
    program: Option<Client>,
    /// A position it has heard of.
    position: u64,
    open: Open<'a>,
}

impl<'a> Speaker<'a> {
    pub(crate) fn new(
        spoken: &'a Spoken,
        number: usize,
        random: Random,
        open: impl Fn() -> Result<Client, Option<String>> + 'a,
    ) -> Self {
        Self { spoken, number, random, program: None, position: 0, open: Box::new(open) }
    }

    pub(crate) fn problem(&self, problem: String) {
        self.spoken.problems.lock().unwrap().push(format!("client {}: {problem}", self.number));
    }

    /// The program, with the bank open.
    pub(crate) fn program(&mut self) -> &mut Client {
        let deadline = Instant::now() + HANG;
        while self.program.is_none() {
            assert!(Instant::now() < deadline, "{}", self.spoken.problems.lock().unwrap().join("\n"));
            match (self.open)() {
                Ok(program) => self.program = Some(program),
                Err(Some(problem)) => self.problem(problem),
                Err(None) => {}
            }
        }
        self.program.as_mut().unwrap()
    }

    /// What is said next.
    pub(crate) fn next(&mut self) -> Said {
        let number = self.spoken.numbers.fetch_add(1, Ordering::Relaxed);
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

    /// Says something, hears the answer, and returns what is to be said right behind it, if that is anything.
    pub(crate) fn talk(&mut self, said: Said) -> Option<Said> {
        let heard = self.call(said.clone());
        asked_behind(&said, &heard)
    }

    pub(crate) fn call(&mut self, said: Said) -> Heard {
        let called = self.say(&said);
        self.hear(called, said)
    }

    /// The program is killed, anywhere in what it does.
    pub(crate) fn killed(&mut self, said: Said) {
        let called = self.say(&said);
        self.wait_a_little();
        self.program.take().unwrap().kill();
        self.record(called, said, None);
    }

    /// The program is suspended for some time, anywhere in what it does.
    pub(crate) fn suspended(&mut self, said: Said, milliseconds: u64) {
        let called = self.say(&said);
        self.wait_a_little();
        self.program().signal("-STOP");
        // As long as it is suspended.
        thread::sleep(Duration::from_millis(milliseconds));
        self.program().signal("-CONT");
        self.hear(called, said);
    }

    /// The program ends as it was asked to.
    pub(crate) fn left(&mut self) {
        if let Some(ended) = self.program.take().map(Client::leave)
            && !ended.is_well()
        {
            self.problem(format!("the program has failed: {ended:?}"));
        }
    }

    /// The program ends, as something has gone wrong.
    pub(crate) fn given_up(&mut self, problem: &str) {
        let ended = self.program.take().unwrap().leave();
        self.problem(format!("{problem} {ended:?}"));
    }

    pub(crate) fn verify(&mut self) {
        let verified = self.program().ask("Bank.verify").map_or(Value::Null, |mut answer| answer["reply"].take());
        if verified.get("ok").is_none() {
            self.given_up(&format!("Bank.verify: {verified}"));
        }
    }

    /// Asks for everything there is.
    pub(crate) fn ask_for_all(&mut self, log: &BankLog) {
        for account in log.accounts() {
            self.call(Said::Balance { account: account.to_owned() });
        }
        for said in [Said::Total, Said::List, Said::Transfers { from: 1, limit: 100_000 }] {
            self.call(said);
        }
    }

    fn say(&mut self, said: &Said) -> i64 {
        let ticks = &self.spoken.ticks;
        let program = self.program();
        let called = ticks.next();
        program.say(&said.to_string());
        called
    }

    fn hear(&mut self, called: i64, said: Said) -> Heard {
        let answer = self.program().hear();
        if answer.is_none() {
            self.given_up(&format!("the program has ended by itself at {said}:"));
        }
        self.record(called, said, answer.as_ref())
    }

    fn record(&mut self, called: i64, said: Said, answer: Option<&Value>) -> Heard {
        let (heard, positions) = answer.map_or((Heard::Nothing, Vec::new()), |answer| heard(&said, answer));
        let returned = if heard == Heard::Nothing { NEVER } else { self.spoken.ticks.next() };
        if !positions.is_empty() {
            self.spoken.stored.fetch_add(1, Ordering::Relaxed);
        }
        self.position = positions.iter().copied().fold(self.position, u64::max);
        let call = Call { client: self.number, called, returned, said, heard: heard.clone(), positions };
        self.spoken.calls.lock().unwrap().push(call);
        heard
    }

    /// Gives it some time, so that it is anywhere in what it does.
    fn wait_a_little(&mut self) {
        for _ in 0..self.random.below(1_000) {
            thread::yield_now();
        }
    }
}

/// Who is refused something asks right behind about what it was refused for.
pub(crate) fn asked_behind(said: &Said, heard: &Heard) -> Option<Said> {
    match (said, heard) {
        (Said::Create { account, .. } | Said::Transfer { payer: account, .. }, Heard::Refused(_))
        | (Said::Withdraw { account, .. }, Heard::Done) => Some(Said::Balance { account: account.clone() }),
        _ => None,
    }
}
