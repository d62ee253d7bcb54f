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
    ChangeEmail(&'static str, Pin),
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
    Declined { balance: i64 },
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
    balance: i64,
    limit: i64,
    pin: Pin,
    email: bool,
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
    /// The events that an e-mail is sent for.
    pub(crate) thanked: Vec<usize>,
    pays_bonuses: bool,
    pub(crate) bonuses: u64,
}

fn units(amount: u64) -> i64 {
    i64::try_from(amount).unwrap()
}

impl Account {
    fn admit(&mut self, pin: Pin) -> Result<(), Reply> {
        match (self.pin, pin) {
            (None, _) => Ok(()),
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
    pub(crate) fn new(pays_bonuses: bool) -> Self {
        Self { pays_bonuses, ..Self::default() }
    }

    pub(crate) fn balances(&self) -> BTreeMap<String, i64> {
        self.accounts.iter().map(|(name, account)| ((*name).to_owned(), account.balance)).collect()
    }

    pub(crate) fn handle(&mut self, command: Command) -> Reply {
        let outcome = match command {
            Command::Create { name, pin, email, deposit, overdraft } => {
                self.create(name, pin, email, units(overdraft)).and_then(|()| match deposit {
                    None => Ok(()),
                    Some(amount) => self.deposit(name, amount, None).map(|()| self.bonus(name, amount)),
                })
            }
            Command::Deposit(name, amount) => {
                self.deposit(name, amount, details(amount)).map(|()| self.bonus(name, amount))
            }
            Command::Withdraw(name, amount, pin) => self.withdraw(name, amount, pin),
            Command::Unlock(name) => self.unlock(name),
            Command::Freeze(name) => self.freeze(name, true),
            Command::Unfreeze(name) => self.freeze(name, false),
            Command::SetLimit(name, limit) => self.set_limit(name, units(limit)),
            Command::Close(name, pin) => self.close(name, pin),
            Command::ChangeEmail(name, pin) => self.change_email(name, pin),
            Command::ChangePin(name, pin, new) => self.change_pin(name, pin, new),
            Command::Transfer { payer, payee, amount, pin } => self.transfer(payer, payee, amount, pin),
            Command::Reverse(position) => self.reverse(position),
        };
        outcome.err().unwrap_or(Reply::Done)
    }

    fn create(&mut self, name: &'static str, pin: Pin, email: bool, limit: i64) -> Result<(), Reply> {
        if let Some(account) = self.accounts.get(name) {
            return Err(if account.closed { Reply::AccountClosed } else { Reply::AccountExists });
        }
        self.accounts
            .insert(name, Account { balance: 0, limit, pin, email, wrong_pins: 0, frozen: false, closed: false });
        self.record(name, "Account Created", None, None, Booked::Nothing);
        if limit > 0 {
            self.record(name, "Overdraft Limit Set", None, None, Booked::Nothing);
        }
        Ok(())
    }

    fn deposit(&mut self, name: &'static str, amount: u64, details: Option<String>) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.balance + units(amount) > units(LIMIT) {
            return Err(Reply::BalanceLimit);
        }
        account.balance += units(amount);
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
        let account = self.open(name)?;
        if account.frozen {
            return Err(Reply::AccountFrozen);
        }
        if let Err(refused) = account.admit(pin) {
            if refused == Reply::WrongPin {
                self.record(name, "Payment Declined", Some(amount), None, Booked::Nothing);
            }
            return Err(refused);
        }
        account.wrong_pins = 0;
        let balance = account.balance;
        if balance - units(amount) < -account.limit {
            self.record(name, "Payment Declined", Some(amount), None, Booked::Nothing);
            return Err(Reply::Declined { balance });
        }
        account.balance -= units(amount);
        self.record(name, what, Some(amount), details(amount), booked);
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

    fn freeze(&mut self, name: &'static str, frozen: bool) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.frozen == frozen {
            return Err(if frozen { Reply::AlreadyFrozen } else { Reply::NotFrozen });
        }
        account.frozen = frozen;
        self.record(name, if frozen { "Account Frozen" } else { "Account Unfrozen" }, None, None, Booked::Nothing);
        Ok(())
    }

    fn close(&mut self, name: &'static str, pin: Pin) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.frozen {
            return Err(Reply::AccountFrozen);
        }
        if self.change(name, pin)?.balance != 0 {
            return Err(Reply::BalanceNotZero);
        }
        let account = self.open(name)?;
        account.closed = true;
        self.record(name, "Account Closed", None, None, Booked::Nothing);
        Ok(())
    }

    fn set_limit(&mut self, name: &'static str, limit: i64) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.balance < -limit {
            return Err(Reply::OverdraftInUse);
        }
        account.limit = limit;
        self.record(name, "Overdraft Limit Set", None, None, Booked::Nothing);
        Ok(())
    }

    fn change_email(&mut self, name: &'static str, pin: Pin) -> Result<(), Reply> {
        let account = self.change(name, pin)?;
        (account.email, account.wrong_pins) = (true, 0);
        self.record(name, "E-Mail Changed", None, None, Booked::Nothing);
        Ok(())
    }

    fn change_pin(&mut self, name: &'static str, pin: Pin, new: &'static str) -> Result<(), Reply> {
        if self.open(name)?.pin.is_none() {
            return Err(Reply::NoPin);
        }
        let account = self.change(name, pin)?;
        (account.pin, account.wrong_pins) = (Some(new), 0);
        self.record(name, "PIN Changed", None, None, Booked::Nothing);
        Ok(())
    }

    /// The account, if its holder may change it.
    fn change(&mut self, name: &'static str, pin: Pin) -> Result<&mut Account, Reply> {
        match self.open(name)?.admit(pin) {
            Ok(()) => self.open(name),
            Err(refused) => {
                if refused == Reply::WrongPin {
                    self.record(name, "Request Declined", None, None, Booked::Nothing);
                }
                Err(refused)
            }
        }
    }

    /// The account, if commands to it are not refused altogether.
    fn open(&mut self, name: &'static str) -> Result<&mut Account, Reply> {
        match self.accounts.get_mut(name) {
            None => Err(Reply::NoAccount),
            Some(account) if account.closed => Err(Reply::AccountClosed),
            Some(account) => Ok(account),
        }
    }

    fn transfer(&mut self, payer: &'static str, payee: &'static str, amount: u64, pin: Pin) -> Result<(), Reply> {
        if payer == payee
            && let Some(account) = self.accounts.get(payer)
        {
            return Err(match (account.closed, account.frozen) {
                (true, _) => Reply::AccountClosed,
                (false, true) => Reply::AccountFrozen,
                (false, false) => Reply::SameAccount,
            });
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
            None | Some(Account { closed: true, .. }) => Some(Reply::NoPayee),
            Some(account) if account.balance + units(amount) > units(LIMIT) => Some(Reply::BalanceLimit),
            Some(account) => {
                account.balance += units(amount);
                None
            }
        };
        if let Some(refused) = refused {
            if let Some(account) = self.accounts.get_mut(payer) {
                account.balance += units(amount);
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
        let (moved, is_reversed) = (units(amount.unwrap()), self.reversed.contains(&line));
        let account = self.open(name)?;
        match is_in {
            false if account.frozen => return Err(Reply::AccountFrozen),
            _ if is_reversed => return Err(Reply::AlreadyReversed),
            true if account.balance + moved > units(LIMIT) => return Err(Reply::BalanceLimit),
            false if account.balance - moved < -account.limit => return Err(Reply::TooLittle),
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
            () => {}
        }
        let account = self.open(payee)?;
        match () {
            () if account.frozen => return Err(Reply::AccountFrozen),
            () if is_reversed => return Err(Reply::AlreadyReversed),
            () if account.balance - units(amount) < -account.limit => return Err(Reply::TooLittle),
            () => account.balance -= units(amount),
        }
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
