//! A minimal model of the whole bank with PINs, transfers, bonuses and e-mails: one map and two lists, without any code
//! of the crate.

pub(crate) mod comparison;

use std::collections::BTreeMap;

use crate::answers::CEO;

pub(crate) const LIMIT: u64 = 1_000_000_000_000_000;

/// No bonus is paid once this much was paid, in whole units.
pub(crate) const ENOUGH: u64 = 100_000;
const MAX_WRONG_PINS: u8 = 3;

pub(crate) type Pin = Option<&'static str>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Create { name: &'static str, pin: Pin, email: bool },
    Deposit(&'static str, u64),
    Withdraw(&'static str, u64, Pin),
    Unlock(&'static str),
    Transfer { payer: &'static str, payee: &'static str, amount: u64, pin: Pin },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Done,
    Declined { balance: u64 },
    WrongPin,
    AccountExists,
    NoAccount,
    NoPayee,
    BalanceLimit,
    PinRequired,
    AccountLocked,
    NotLocked,
    SameAccount,
}

/// In place of an account's name, where an event is about all of them.
pub(crate) const EVERYBODY: &str = "";

/// An event: account, kind, amount, and memo with booking date.
pub(crate) type Line = (&'static str, &'static str, Option<u64>, Option<String>);

/// Of the amounts asked for, those with these memos and dates.
pub(crate) fn memo_and_date(amount: u64) -> (Option<String>, Option<&'static str>) {
    match amount % 5 {
        0 => (Some(format!("Number {amount}")), None),
        1 => (None, Some("2024-02-29")),
        2 => (Some("Salary".to_owned()), Some("2025-12-31")),
        _ => (None, None),
    }
}

fn details(amount: u64) -> Option<String> {
    let (memo, date) = memo_and_date(amount);
    (memo.is_some() || date.is_some()).then(|| format!("{memo:?} {date:?}"))
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    balance: u64,
    pin: Pin,
    email: bool,
    wrong_pins: u8,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ModelBank {
    accounts: BTreeMap<&'static str, Account>,
    pub(crate) log: Vec<Line>,
    /// The events that an e-mail is sent for.
    pub(crate) thanked: Vec<usize>,
    pays_bonuses: bool,
    /// No bonus is paid once this much was paid, in minor units.
    pub(crate) enough: u64,
    pub(crate) bonuses: u64,
}

impl ModelBank {
    /// A bank whose currency has so many decimals, or was never chosen.
    pub(crate) fn new(pays_bonuses: bool, decimals: Option<u8>) -> Self {
        let log = decimals.map(|_| (EVERYBODY, "Currency Chosen", None, None)).into_iter().collect();
        let enough = ENOUGH * 10_u64.pow(decimals.unwrap_or(0).into());
        Self { pays_bonuses, enough, log, ..Self::default() }
    }

    pub(crate) fn balances(&self) -> BTreeMap<String, u64> {
        self.accounts.iter().map(|(name, account)| ((*name).to_owned(), account.balance)).collect()
    }

    pub(crate) fn handle(&mut self, command: Command) -> Reply {
        let outcome = match command {
            Command::Create { name, pin, email } => self.create(name, pin, email),
            Command::Deposit(name, amount) => {
                self.deposit(name, amount, details(amount)).map(|()| self.bonus(name, amount))
            }
            Command::Withdraw(name, amount, pin) => self.withdraw(name, amount, pin),
            Command::Unlock(name) => self.unlock(name),
            Command::Transfer { payer, payee, amount, pin } => self.transfer(payer, payee, amount, pin),
        };
        outcome.err().unwrap_or(Reply::Done)
    }

    fn create(&mut self, name: &'static str, pin: Pin, email: bool) -> Result<(), Reply> {
        if self.accounts.contains_key(name) {
            return Err(Reply::AccountExists);
        }
        self.accounts.insert(name, Account { balance: 0, pin, email, wrong_pins: 0 });
        self.log.push((name, "Account Created", None, None));
        Ok(())
    }

    fn deposit(&mut self, name: &'static str, amount: u64, details: Option<String>) -> Result<(), Reply> {
        let account = self.accounts.get_mut(name).ok_or(Reply::NoAccount)?;
        if account.balance + amount > LIMIT {
            return Err(Reply::BalanceLimit);
        }
        account.balance += amount;
        if account.email {
            self.thanked.push(self.log.len());
        }
        self.log.push((name, "Money Deposited", Some(amount), details));
        Ok(())
    }

    fn bonus(&mut self, name: &'static str, amount: u64) {
        let bonus = amount / 100;
        if self.pays_bonuses
            && name != CEO
            && self.bonuses < self.enough
            && bonus > 0
            && self.deposit(CEO, bonus, None).is_ok()
        {
            self.bonuses += bonus;
        }
    }

    fn withdraw(&mut self, name: &'static str, amount: u64, pin: Pin) -> Result<(), Reply> {
        self.take_out(name, amount, pin, "Money Withdrawn")
    }

    fn take_out(&mut self, name: &'static str, amount: u64, pin: Pin, what: &'static str) -> Result<(), Reply> {
        let account = self.accounts.get_mut(name).ok_or(Reply::NoAccount)?;
        match (account.pin, pin) {
            (None, _) => {}
            _ if account.wrong_pins == MAX_WRONG_PINS => return Err(Reply::AccountLocked),
            (Some(_), None) => return Err(Reply::PinRequired),
            (Some(right), Some(given)) if right != given => {
                account.wrong_pins += 1;
                self.log.push((name, "Payment Declined", Some(amount), None));
                return Err(Reply::WrongPin);
            }
            _ => account.wrong_pins = 0,
        }
        if amount > account.balance {
            self.log.push((name, "Payment Declined", Some(amount), None));
            return Err(Reply::Declined { balance: account.balance });
        }
        account.balance -= amount;
        self.log.push((name, what, Some(amount), details(amount)));
        Ok(())
    }

    fn unlock(&mut self, name: &'static str) -> Result<(), Reply> {
        let account = self.accounts.get_mut(name).ok_or(Reply::NoAccount)?;
        if account.wrong_pins < MAX_WRONG_PINS {
            return Err(Reply::NotLocked);
        }
        account.wrong_pins = 0;
        self.log.push((name, "Account Unlocked", None, None));
        Ok(())
    }

    fn transfer(&mut self, payer: &'static str, payee: &'static str, amount: u64, pin: Pin) -> Result<(), Reply> {
        if payer == payee && self.accounts.contains_key(payer) {
            return Err(Reply::SameAccount);
        }
        self.take_out(payer, amount, pin, "Money Reserved")?;
        let refused = match self.accounts.get_mut(payee) {
            None => Some(Reply::NoPayee),
            Some(account) if account.balance + amount > LIMIT => Some(Reply::BalanceLimit),
            Some(account) => {
                account.balance += amount;
                None
            }
        };
        if let Some(refused) = refused {
            if let Some(account) = self.accounts.get_mut(payer) {
                account.balance += amount;
            }
            self.log.push((payer, "Transfer Released", Some(amount), details(amount)));
            return Err(refused);
        }
        self.log.push((payee, "Transfer Credited", Some(amount), details(amount)));
        self.log.push((payer, "Transfer Settled", Some(amount), details(amount)));
        Ok(())
    }
}
