//! The limit: the bank's work with nothing around it.
//!
//! One thread, one loop, two maps of the standard library with its own hasher, one vector. For each command
//! it does what anyone can see that the bank has done:
//!
//! - looks the account up by its name and decides on its balance: a deposit within the limit, a withdrawal
//!   within the balance, else a decline;
//! - reads the clock and makes a command id of the time and a counter;
//! - appends to the log a record with everything in it that the bank's `RecordedEvent` has: position, stream
//!   name, version, time, command id, correlation id, causation id, and the event with the account's name.
//!   The record owns its two texts, as a log does that shares nothing with the state it is decided on;
//! - looks the account up in the projection, from what the record says, and changes the balance there.
//!
//! It does not: hand anything from one task to another, wait, answer a caller with the stored event, check
//! the version an append was decided on, index the log by stream, serve readers while it writes, keep
//! checkpoints, bound what it holds, survive a panic, or trace.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cqrs_bank::bank::Money;

use crate::workload::{AccountRequest, Direction, Workload};

/// Runs the workload; answers with the time that its commands took.
pub(crate) fn run(workload: Workload) -> Duration {
    let mut accounts = Accounts::default();
    let mut log = Vec::new();
    let mut balances = Balances::default();
    let mut record = |decided: Decided| {
        let record = decided.record(log.len() as u64 + 1);
        balances.project(&record.data);
        log.push(record);
    };
    for name in &workload.account_names {
        record(accounts.create(name));
    }
    let mut handle = |request: AccountRequest| {
        if let Some(decided) = accounts.decide(workload.name(request), request) {
            record(decided);
        }
    };
    workload.history().for_each(&mut handle);
    let start = Instant::now();
    workload.commands.iter().copied().for_each(&mut handle);
    let elapsed = start.elapsed();
    black_box(&log);
    workload.assert_balances("plain loop", |name| balances.balance(name));
    elapsed
}

/// What decisions are made on.
#[derive(Default)]
pub(crate) struct Accounts {
    accounts: HashMap<String, Account>,
}

struct Account {
    stream: String,
    version: u64,
    balance: u64,
}

/// An event that is not in the log yet.
pub(crate) struct Decided {
    stream: String,
    version: u64,
    data: Event,
}

/// What the log keeps.
#[expect(dead_code, reason = "a log keeps what nobody in this program asks for")]
pub(crate) struct Record {
    pub(crate) position: u64,
    stream: String,
    version: u64,
    time_in_microseconds: i64,
    command_id: u128,
    correlation_id: u128,
    causation_id: u128,
    pub(crate) data: Event,
}

#[expect(dead_code, reason = "a log keeps what nobody in this program asks for")]
pub(crate) enum Event {
    Created { account: String, holder: String },
    Deposited { account: String, amount: u64 },
    Withdrawn { account: String, amount: u64 },
    Overdrawn { account: String, balance: u64, amount_requested: u64 },
}

/// What is read.
#[derive(Default)]
pub(crate) struct Balances {
    balances: HashMap<String, u64>,
}

impl Accounts {
    pub(crate) fn create(&mut self, name: &str) -> Decided {
        let account = Account { stream: format!("account-{name}"), version: 1, balance: 0 };
        let stream = account.stream.clone();
        self.accounts.insert(name.to_owned(), account);
        Decided { stream, version: 1, data: Event::Created { account: name.to_owned(), holder: name.to_owned() } }
    }

    pub(crate) fn decide(&mut self, name: &str, request: AccountRequest) -> Option<Decided> {
        let account = self.accounts.get_mut(name)?;
        let amount = u64::from(request.amount);
        let data = match request.direction {
            Direction::Deposit => {
                let balance = account.balance + amount;
                if balance > Money::MAX.minor_units() {
                    return None;
                }
                account.balance = balance;
                Event::Deposited { account: name.to_owned(), amount }
            }
            Direction::Withdrawal => match account.balance.checked_sub(amount) {
                Some(balance) => {
                    account.balance = balance;
                    Event::Withdrawn { account: name.to_owned(), amount }
                }
                None => {
                    let balance = account.balance;
                    Event::Overdrawn { account: name.to_owned(), balance, amount_requested: amount }
                }
            },
        };
        account.version += 1;
        Some(Decided { stream: account.stream.clone(), version: account.version, data })
    }
}

impl Decided {
    pub(crate) fn record(self, position: u64) -> Record {
        let Self { stream, version, data } = self;
        let time = microseconds_since_1970();
        let command_id = (u128::from(time) << 64) + u128::from(position);
        Record {
            position,
            stream,
            version,
            time_in_microseconds: time.cast_signed(),
            command_id,
            correlation_id: command_id,
            causation_id: command_id,
            data,
        }
    }
}

impl Balances {
    pub(crate) fn project(&mut self, event: &Event) {
        match event {
            Event::Created { account, .. } => {
                self.balances.insert(account.clone(), 0);
            }
            Event::Deposited { account, amount } => {
                if let Some(balance) = self.balances.get_mut(account) {
                    *balance += amount;
                }
            }
            Event::Withdrawn { account, amount } => {
                if let Some(balance) = self.balances.get_mut(account) {
                    *balance -= amount;
                }
            }
            Event::Overdrawn { .. } => {}
        }
    }

    pub(crate) fn balance(&self, name: &str) -> Option<u64> {
        self.balances.get(name).copied()
    }
}

fn microseconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}
