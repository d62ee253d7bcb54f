//! A minimal model of the bank: one map and one list, without any code of the crate.

pub(crate) mod comparison;

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The maximum balance.
pub(crate) const LIMIT: u64 = 1_000_000_000_000_000;

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Create(&'static str),
    Deposit(&'static str, u64),
    Withdraw(&'static str, u64),
    CreateWithPin(&'static str, &'static str),
    WithdrawWith(&'static str, u64, &'static str),
    Unlock(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reply {
    Done,
    Declined { balance: u64 },
    AccountExists,
    NoAccount,
    BalanceLimit,
    WrongPin,
    PinRequired,
    AccountLocked,
    NotLocked,
}

/// Stands for a PIN's verifier, which differs from bank to bank.
pub(crate) const VERIFIER: &str = "what is kept of a PIN";

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) position: u64,
    pub(crate) stream: String,
    pub(crate) version: u64,
    pub(crate) event_type: &'static str,
    pub(crate) data: Value,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ModelBank {
    pub(crate) balances: BTreeMap<String, u64>,
    pins: BTreeMap<String, &'static str>,
    wrong_pins: BTreeMap<String, u32>,
    pub(crate) events: Vec<Event>,
}

impl ModelBank {
    /// The bank's reply and the resulting event, if any.
    pub(crate) fn handle(&mut self, command: &Command) -> (Reply, Option<Event>) {
        let events_before = self.events.len();
        let reply = match *command {
            Command::Create(name) => self.create(name),
            Command::Deposit(name, amount) => self.deposit(name, amount),
            Command::Withdraw(name, amount) => self.withdraw(name, amount, None),
            Command::CreateWithPin(name, pin) => self.create_with_pin(name, pin),
            Command::WithdrawWith(name, amount, pin) => self.withdraw(name, amount, Some(pin)),
            Command::Unlock(name) => self.unlock(name),
        };
        (reply, self.events.get(events_before).cloned())
    }

    fn create(&mut self, name: &str) -> Reply {
        if self.balances.contains_key(name) {
            return Reply::AccountExists;
        }
        self.balances.insert(name.to_owned(), 0);
        self.record(name, "bank_account_created", json!({"account_id": name, "account_holder": name}));
        Reply::Done
    }

    fn create_with_pin(&mut self, name: &str, pin: &'static str) -> Reply {
        if self.balances.contains_key(name) {
            return Reply::AccountExists;
        }
        self.balances.insert(name.to_owned(), 0);
        self.pins.insert(name.to_owned(), pin);
        let data = json!({"account_id": name, "account_holder": name, "pin_verifier": VERIFIER});
        self.record(name, "bank_account_created", data);
        Reply::Done
    }

    fn unlock(&mut self, name: &str) -> Reply {
        if !self.balances.contains_key(name) {
            return Reply::NoAccount;
        }
        if self.wrong_pins.get(name).copied().unwrap_or(0) < 3 {
            return Reply::NotLocked;
        }
        self.wrong_pins.remove(name);
        self.record(name, "account_unlocked", json!({"account_id": name}));
        Reply::Done
    }

    fn deposit(&mut self, name: &str, amount: u64) -> Reply {
        let Some(balance) = self.balances.get_mut(name) else {
            return Reply::NoAccount;
        };
        if *balance + amount > LIMIT {
            return Reply::BalanceLimit;
        }
        *balance += amount;
        self.record(name, "money_deposited_into_bank_account", json!({"account_id": name, "amount": amount}));
        Reply::Done
    }

    fn withdraw(&mut self, name: &str, amount: u64, given: Option<&str>) -> Reply {
        let Some(balance) = self.balances.get_mut(name) else {
            return Reply::NoAccount;
        };
        let before = *balance;
        if let Some(pin) = self.pins.get(name) {
            let wrong = self.wrong_pins.entry(name.to_owned()).or_default();
            if *wrong >= 3 {
                return Reply::AccountLocked;
            }
            let Some(given) = given else {
                return Reply::PinRequired;
            };
            if given != *pin {
                *wrong += 1;
                self.record(name, "invalid_pin", json!({"account_id": name, "amount_requested": amount}));
                return Reply::WrongPin;
            }
            *wrong = 0;
        }
        if amount > before {
            let data = json!({"account_id": name, "balance": before, "amount_requested": amount});
            self.record(name, "account_overdrawn", data);
            return Reply::Declined { balance: before };
        }
        *balance -= amount;
        self.record(name, "money_withdrawn_from_bank_account", json!({"account_id": name, "amount": amount}));
        Reply::Done
    }

    fn record(&mut self, name: &str, event_type: &'static str, data: Value) {
        let stream = format!("account-{name}");
        let position = self.events.len() as u64 + 1;
        let version = self.events.iter().filter(|event| event.stream == stream).count() as u64 + 1;
        self.events.push(Event { position, stream, version, event_type, data });
    }
}
