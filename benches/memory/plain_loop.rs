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
    let mut bank = PlainBank::default();
    for name in &workload.account_names {
        bank.create(name);
    }
    for request in workload.history() {
        bank.handle(workload.name(request), request);
    }
    let start = Instant::now();
    for request in &workload.commands {
        bank.handle(workload.name(*request), *request);
    }
    let elapsed = start.elapsed();
    black_box(&bank.log);
    workload.assert_balances("plain loop", |name| bank.projection.get(name).copied());
    elapsed
}

#[derive(Default)]
struct PlainBank {
    accounts: HashMap<String, Account>,
    log: Vec<Record>,
    projection: HashMap<String, u64>,
}

/// What decisions are made on.
struct Account {
    stream: String,
    version: u64,
    balance: u64,
}

/// What the log keeps.
#[expect(dead_code, reason = "a log keeps what nobody in this program asks for")]
struct Record {
    position: u64,
    stream: String,
    version: u64,
    time_in_microseconds: i64,
    command_id: u128,
    correlation_id: u128,
    causation_id: u128,
    data: Event,
}

#[expect(dead_code, reason = "a log keeps what nobody in this program asks for")]
enum Event {
    Created { account: String, holder: String },
    Deposited { account: String, amount: u64 },
    Withdrawn { account: String, amount: u64 },
    Overdrawn { account: String, balance: u64, amount_requested: u64 },
}

impl PlainBank {
    fn create(&mut self, name: &str) {
        let account = Account { stream: format!("account-{name}"), version: 1, balance: 0 };
        let stream = account.stream.clone();
        self.accounts.insert(name.to_owned(), account);
        self.record(stream, 1, Event::Created { account: name.to_owned(), holder: name.to_owned() });
    }

    fn handle(&mut self, name: &str, request: AccountRequest) {
        let Some(account) = self.accounts.get_mut(name) else {
            return;
        };
        let amount = u64::from(request.amount);
        let event = match request.direction {
            Direction::Deposit => {
                let balance = account.balance + amount;
                if balance > Money::MAX.minor_units() {
                    return;
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
        let (stream, version) = (account.stream.clone(), account.version);
        self.record(stream, version, event);
    }

    fn record(&mut self, stream: String, version: u64, data: Event) {
        let position = self.log.len() as u64 + 1;
        let time = microseconds_since_1970();
        let command_id = (u128::from(time) << 64) + u128::from(position);
        let record = Record {
            position,
            stream,
            version,
            time_in_microseconds: time.cast_signed(),
            command_id,
            correlation_id: command_id,
            causation_id: command_id,
            data,
        };
        self.project(&record.data);
        self.log.push(record);
    }

    fn project(&mut self, event: &Event) {
        match event {
            Event::Created { account, .. } => {
                self.projection.insert(account.clone(), 0);
            }
            Event::Deposited { account, amount } => {
                if let Some(balance) = self.projection.get_mut(account) {
                    *balance += amount;
                }
            }
            Event::Withdrawn { account, amount } => {
                if let Some(balance) = self.projection.get_mut(account) {
                    *balance -= amount;
                }
            }
            Event::Overdrawn { .. } => {}
        }
    }
}

fn microseconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}
