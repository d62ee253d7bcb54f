//! A minimal model of the whole bank with PINs, transfers, bonuses and e-mails: one map and two lists, without any code
//! of the crate.

pub(crate) mod comparison;

use std::collections::{BTreeMap, BTreeSet};

use crate::answers::CEO;

pub(crate) const LIMIT: u64 = 1_000_000_000_000_000;

/// No bonus is paid once this much was paid.
pub(crate) const ENOUGH: u64 = 100_000;
const MAX_WRONG_PINS: u8 = 3;

pub(crate) type Pin = Option<&'static str>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Create {
        name: &'static str,
        pin: Pin,
        email: bool,
    },
    Deposit(&'static str, u64),
    Withdraw(&'static str, u64, Pin),
    Unlock(&'static str),
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
    NoEvent,
    NothingToReverse,
    IsReversal,
    AlreadyReversed,
    TooLittle,
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
    /// For each line of the log.
    booked: Vec<Booked>,
    transfers: Vec<Transfer>,
    /// The numbers of the lines that were reversed.
    reversed: BTreeSet<usize>,
    /// The events that an e-mail is sent for.
    pub(crate) thanked: Vec<usize>,
    pays_bonuses: bool,
    pub(crate) bonuses: u64,
}

impl ModelBank {
    pub(crate) fn new(pays_bonuses: bool) -> Self {
        Self { pays_bonuses, ..Self::default() }
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
            Command::Reverse(position) => self.reverse(position),
        };
        outcome.err().unwrap_or(Reply::Done)
    }

    fn create(&mut self, name: &'static str, pin: Pin, email: bool) -> Result<(), Reply> {
        if self.accounts.contains_key(name) {
            return Err(Reply::AccountExists);
        }
        self.accounts.insert(name, Account { balance: 0, pin, email, wrong_pins: 0 });
        self.record(name, "Account Created", None, None, Booked::Nothing);
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
        self.record(name, "Money Deposited", Some(amount), details, Booked::Deposit);
        Ok(())
    }

    fn bonus(&mut self, name: &'static str, amount: u64) {
        let bonus = amount / 100;
        if self.pays_bonuses
            && name != CEO
            && self.bonuses < ENOUGH
            && bonus > 0
            && self.deposit(CEO, bonus, None).is_ok()
        {
            self.bonuses += bonus;
        }
    }

    fn withdraw(&mut self, name: &'static str, amount: u64, pin: Pin) -> Result<(), Reply> {
        self.take_out(name, amount, pin, "Money Withdrawn", Booked::Withdrawal)
    }

    fn take_out(
        &mut self,
        name: &'static str,
        amount: u64,
        pin: Pin,
        what: &'static str,
        booked: Booked,
    ) -> Result<(), Reply> {
        let account = self.accounts.get_mut(name).ok_or(Reply::NoAccount)?;
        match (account.pin, pin) {
            (None, _) => {}
            _ if account.wrong_pins == MAX_WRONG_PINS => return Err(Reply::AccountLocked),
            (Some(_), None) => return Err(Reply::PinRequired),
            (Some(right), Some(given)) if right != given => {
                account.wrong_pins += 1;
                self.record(name, "Payment Declined", Some(amount), None, Booked::Nothing);
                return Err(Reply::WrongPin);
            }
            _ => account.wrong_pins = 0,
        }
        if amount > account.balance {
            let balance = account.balance;
            self.record(name, "Payment Declined", Some(amount), None, Booked::Nothing);
            return Err(Reply::Declined { balance });
        }
        account.balance -= amount;
        self.record(name, what, Some(amount), details(amount), booked);
        Ok(())
    }

    fn unlock(&mut self, name: &'static str) -> Result<(), Reply> {
        let account = self.accounts.get_mut(name).ok_or(Reply::NoAccount)?;
        if account.wrong_pins < MAX_WRONG_PINS {
            return Err(Reply::NotLocked);
        }
        account.wrong_pins = 0;
        self.record(name, "Account Unlocked", None, None, Booked::Nothing);
        Ok(())
    }

    fn transfer(&mut self, payer: &'static str, payee: &'static str, amount: u64, pin: Pin) -> Result<(), Reply> {
        if payer == payee && self.accounts.contains_key(payer) {
            return Err(Reply::SameAccount);
        }
        let number = self.transfers.len();
        self.take_out(payer, amount, pin, "Money Reserved", Booked::Transfer(number))?;
        let (is_settled, is_reversal, is_reversed) = (false, false, false);
        self.transfers.push(Transfer { payer, payee, amount, is_settled, is_reversal, is_reversed });
        self.end_transfer(number, details(amount))
    }

    /// Credits what is reserved, or gives it back.
    fn end_transfer(&mut self, number: usize, details: Option<String>) -> Result<(), Reply> {
        let Transfer { payer, payee, amount, .. } = self.transfers[number];
        let (amounts, booked) = (Some(amount), Booked::Transfer(number));
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
            self.record(payer, "Transfer Released", amounts, details, booked);
            return Err(refused);
        }
        self.record(payee, "Transfer Credited", amounts, details.clone(), booked);
        self.record(payer, "Transfer Settled", amounts, details, booked);
        self.transfers[number].is_settled = true;
        Ok(())
    }

    fn reverse(&mut self, position: u64) -> Result<(), Reply> {
        let line = usize::try_from(position).ok().and_then(|position| position.checked_sub(1)).ok_or(Reply::NoEvent)?;
        let booked = *self.booked.get(line).ok_or(Reply::NoEvent)?;
        let &(name, _, amount, _) = &self.log[line];
        let is_in = match booked {
            Booked::Deposit => false,
            Booked::Withdrawal => true,
            Booked::Transfer(number) => return self.transfer_back(number),
            Booked::Reversal => return Err(Reply::IsReversal),
            Booked::Nothing => return Err(Reply::NothingToReverse),
        };
        if self.reversed.contains(&line) {
            return Err(Reply::AlreadyReversed);
        }
        let (moved, account) = (amount.unwrap(), self.accounts.get_mut(name).unwrap());
        match is_in {
            true if account.balance + moved > LIMIT => return Err(Reply::BalanceLimit),
            false if account.balance < moved => return Err(Reply::TooLittle),
            true => account.balance += moved,
            false => account.balance -= moved,
        }
        self.reversed.insert(line);
        let what = if is_in { "Withdrawal Reversed" } else { "Deposit Reversed" };
        self.record(name, what, amount, None, Booked::Reversal);
        Ok(())
    }

    fn transfer_back(&mut self, number: usize) -> Result<(), Reply> {
        let Transfer { payer, payee, amount, is_settled, is_reversal, is_reversed } = self.transfers[number];
        match () {
            () if !is_settled => return Err(Reply::NothingToReverse),
            () if is_reversal => return Err(Reply::IsReversal),
            () if is_reversed => return Err(Reply::AlreadyReversed),
            () => {}
        }
        let account = self.accounts.get_mut(payee).unwrap();
        account.balance = account.balance.checked_sub(amount).ok_or(Reply::TooLittle)?;
        let (back, details) = (self.transfers.len(), Some("None None".to_owned()));
        self.record(payee, "Money Reserved", Some(amount), details.clone(), Booked::Transfer(back));
        let (payer, payee) = (payee, payer);
        let (is_settled, is_reversal, is_reversed) = (false, true, false);
        self.transfers.push(Transfer { payer, payee, amount, is_settled, is_reversal, is_reversed });
        self.end_transfer(back, details)?;
        self.transfers[number].is_reversed = true;
        Ok(())
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
