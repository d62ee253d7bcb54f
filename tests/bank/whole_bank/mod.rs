//! A minimal model of the whole bank with PINs, transfers, bonuses and e-mails: one map and two lists, without any code
//! of the crate.

pub(crate) mod comparison;
pub(crate) mod loading;
mod standing;
mod transfers;

use std::collections::{BTreeMap, BTreeSet};

use self::loading::Stored;
use crate::answers::CEO;

pub(crate) const LIMIT: u64 = 1_000_000_000_000_000;

/// No bonus is paid once this much was paid, in whole units.
pub(crate) const ENOUGH: u64 = 100_000;
const MAX_WRONG_PINS: u8 = 3;

pub(crate) type Pin = Option<&'static str>;

/// In place of a PIN, where the bank itself acts and needs none.
const WAIVED: Pin = Some("");

#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Create {
        name: &'static str,
        pin: Pin,
        email: bool,
        deposit: Option<u64>,
        overdraft: u64,
    },
    Deposit(&'static str, u64),
    Withdraw(&'static str, u64, Pin),
    Unlock(&'static str),
    Freeze(&'static str),
    Unfreeze(&'static str),
    SetLimit(&'static str, u64),
    Close(&'static str, Pin),
    ChangeHolder(&'static str, Pin),
    /// To an address, or to none.
    ChangeEmail(&'static str, Pin, bool),
    ChangePin(&'static str, Pin, &'static str),
    Transfer {
        payer: &'static str,
        payee: &'static str,
        amount: u64,
        pin: Pin,
    },
    /// Reverse what was booked at a position.
    Reverse(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Done,
    Declined {
        balance: i64,
    },
    WrongPin,
    AccountExists,
    NoAccount,
    NoPayee,
    BalanceLimit,
    PinRequired,
    AccountLocked,
    NotLocked,
    AccountFrozen,
    AlreadyFrozen,
    NotFrozen,
    AccountClosed,
    BalanceNotZero,
    OverdraftInUse,
    NoPin,
    SameAccount,
    NoEvent,
    NothingToReverse,
    IsReversal,
    AlreadyReversed,
    TooLittle,
    /// Another row has the same id.
    OtherContent,
}

/// What a line of the log has booked.
#[derive(Clone, Copy, Debug)]
enum Booked {
    Deposit,
    Withdrawal,
    /// A step of a transfer, by its number.
    Transfer(usize),
    Reversal,
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Transfer {
    payer: &'static str,
    payee: &'static str,
    amount: u64,
    is_settled: bool,
    is_reversal: bool,
    is_reversed: bool,
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
    balance: i64,
    limit: i64,
    pin: Pin,
    email: bool,
    /// Whether the holder is not the first one any more.
    is_renamed: bool,
    wrong_pins: u8,
    frozen: bool,
    closed: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ModelBank {
    accounts: BTreeMap<&'static str, Account>,
    pub(crate) log: Vec<Line>,
    /// For each line of the log.
    booked: Vec<Booked>,
    transfers: Vec<Transfer>,
    /// The numbers of the lines that were reversed.
    reversed: BTreeSet<usize>,
    /// What became of the rows of files.
    loaded: BTreeMap<String, Stored>,
    /// The events that an e-mail is sent for.
    pub(crate) thanked: Vec<usize>,
    pays_bonuses: bool,
    /// No bonus is paid once this much was paid, in minor units.
    pub(crate) enough: u64,
    pub(crate) bonuses: u64,
}

fn units(amount: u64) -> i64 {
    i64::try_from(amount).unwrap()
}

impl Account {
    fn admit(&mut self, pin: Pin) -> Result<(), Reply> {
        match (self.pin, pin) {
            (None, _) | (Some(_), WAIVED) => Ok(()),
            _ if self.wrong_pins == MAX_WRONG_PINS => Err(Reply::AccountLocked),
            (Some(_), None) => Err(Reply::PinRequired),
            (Some(right), Some(given)) if right != given => {
                self.wrong_pins += 1;
                Err(Reply::WrongPin)
            }
            _ => Ok(()),
        }
    }
}

impl ModelBank {
    /// A bank whose currency has so many decimals, or was never chosen.
    pub(crate) fn new(pays_bonuses: bool, decimals: Option<u8>) -> Self {
        let log: Vec<Line> = decimals.map(|_| (EVERYBODY, "Currency Chosen", None, None)).into_iter().collect();
        let booked = log.iter().map(|_| Booked::Nothing).collect();
        let enough = ENOUGH * 10_u64.pow(decimals.unwrap_or(0).into());
        Self { pays_bonuses, enough, log, booked, ..Self::default() }
    }

    pub(crate) fn balances(&self) -> BTreeMap<String, i64> {
        self.accounts.iter().map(|(name, account)| ((*name).to_owned(), account.balance)).collect()
    }

    /// The accounts that are not closed, and their holders.
    pub(crate) fn holders(&self) -> BTreeMap<String, String> {
        let holder = |name: &str, account: &Account| if account.is_renamed { "Josh" } else { name }.to_owned();
        let open = self.accounts.iter().filter(|(_, account)| !account.closed);
        open.map(|(name, account)| ((*name).to_owned(), holder(name, account))).collect()
    }

    pub(crate) fn handle(&mut self, command: Command) -> Reply {
        let outcome = match command {
            Command::Create { name, pin, email, deposit, overdraft } => {
                self.create(name, pin, email, units(overdraft)).and_then(|()| match deposit {
                    None => Ok(()),
                    Some(amount) => self.deposit(name, amount, details(amount)).map(|()| self.bonus(name, amount)),
                })
            }
            Command::Deposit(name, amount) => {
                self.deposit(name, amount, details(amount)).map(|()| self.bonus(name, amount))
            }
            Command::Withdraw(name, amount, pin) => {
                self.take_out(name, amount, pin, details(amount), "Money Withdrawn", Booked::Withdrawal)
            }
            Command::Unlock(name) => self.unlock(name),
            Command::Freeze(name) => self.freeze(name, true),
            Command::Unfreeze(name) => self.freeze(name, false),
            Command::SetLimit(name, limit) => self.set_limit(name, units(limit)),
            Command::Close(name, pin) => self.close(name, pin),
            Command::ChangeHolder(name, pin) => self.change_holder(name, pin),
            Command::ChangeEmail(name, pin, has) => self.change_email(name, pin, has),
            Command::ChangePin(name, pin, new) => self.change_pin(name, pin, new),
            Command::Transfer { payer, payee, amount, pin } => {
                self.transfer(payer, payee, amount, pin, details(amount))
            }
            Command::Reverse(position) => self.reverse(position),
        };
        outcome.err().unwrap_or(Reply::Done)
    }

    fn create(&mut self, name: &'static str, pin: Pin, email: bool, limit: i64) -> Result<(), Reply> {
        if let Some(account) = self.accounts.get(name) {
            return Err(if account.closed { Reply::AccountClosed } else { Reply::AccountExists });
        }
        let (is_renamed, frozen, closed) = (false, false, false);
        self.accounts
            .insert(name, Account { balance: 0, limit, pin, email, is_renamed, wrong_pins: 0, frozen, closed });
        self.record(name, "Account Created", None, None, Booked::Nothing);
        if limit > 0 {
            self.record(name, "Overdraft Limit Set", None, None, Booked::Nothing);
        }
        Ok(())
    }

    fn deposit(&mut self, name: &'static str, amount: u64, details: Option<String>) -> Result<(), Reply> {
        let has_email = self.open(name)?.email;
        self.pay_in(name, amount, details)?;
        if has_email {
            self.thanked.push(self.log.len() - 1);
        }
        Ok(())
    }

    /// A deposit that nobody is thanked for.
    fn pay_in(&mut self, name: &'static str, amount: u64, details: Option<String>) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.balance + units(amount) > units(LIMIT) {
            return Err(Reply::BalanceLimit);
        }
        account.balance += units(amount);
        self.record(name, "Money Deposited", Some(amount), details, Booked::Deposit);
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

    fn take_out(
        &mut self,
        name: &'static str,
        amount: u64,
        pin: Pin,
        details: Option<String>,
        what: &'static str,
        booked: Booked,
    ) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.frozen {
            return Err(Reply::AccountFrozen);
        }
        if let Err(refused) = account.admit(pin) {
            if refused == Reply::WrongPin {
                self.record(name, "Payment Declined", Some(amount), details, Booked::Nothing);
            }
            return Err(refused);
        }
        // Only the bank itself gets past the lock, which stays.
        if account.wrong_pins < MAX_WRONG_PINS {
            account.wrong_pins = 0;
        }
        let balance = account.balance;
        if balance - units(amount) < -account.limit {
            self.record(name, "Payment Declined", Some(amount), details, Booked::Nothing);
            return Err(Reply::Declined { balance });
        }
        account.balance -= units(amount);
        self.record(name, what, Some(amount), details, booked);
        Ok(())
    }

    fn unlock(&mut self, name: &'static str) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.wrong_pins < MAX_WRONG_PINS {
            return Err(Reply::NotLocked);
        }
        account.wrong_pins = 0;
        self.record(name, "Account Unlocked", None, None, Booked::Nothing);
        Ok(())
    }

    /// The account, if commands to it are not refused altogether.
    fn open(&mut self, name: &'static str) -> Result<&mut Account, Reply> {
        match self.accounts.get_mut(name) {
            None => Err(Reply::NoAccount),
            Some(account) if account.closed => Err(Reply::AccountClosed),
            Some(account) => Ok(account),
        }
    }

    fn record(
        &mut self,
        name: &'static str,
        what: &'static str,
        amount: Option<u64>,
        details: Option<String>,
        booked: Booked,
    ) {
        self.log.push((name, what, amount, details));
        self.booked.push(booked);
    }
}
