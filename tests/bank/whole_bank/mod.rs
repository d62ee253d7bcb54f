//! A minimal model of the whole bank with PINs, transfers, bonuses and e-mails: one map and two lists, without any code
//! of the crate.

pub(crate) mod comparison;

use std::collections::BTreeMap;

use crate::answers::CEO;

pub(crate) const LIMIT: u64 = 1_000_000_000_000_000;

/// No bonus is paid once this much was paid.
pub(crate) const ENOUGH: u64 = 100_000;
const MAX_WRONG_PINS: u8 = 3;

pub(crate) type Pin = Option<&'static str>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Create { name: &'static str, pin: Pin, email: bool, deposit: Option<u64>, overdraft: u64 },
    Deposit(&'static str, u64),
    Withdraw(&'static str, u64, Pin),
    Unlock(&'static str),
    Freeze(&'static str),
    Unfreeze(&'static str),
    SetLimit(&'static str, u64),
    Close(&'static str, Pin),
    ChangeEmail(&'static str, Pin),
    ChangePin(&'static str, Pin, &'static str),
    Transfer { payer: &'static str, payee: &'static str, amount: u64, pin: Pin },
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
}

/// An event: account, kind and amount.
pub(crate) type Line = (&'static str, &'static str, Option<u64>);

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
                    Some(amount) => self.deposit(name, amount).map(|()| self.bonus(name, amount)),
                })
            }
            Command::Deposit(name, amount) => self.deposit(name, amount).map(|()| self.bonus(name, amount)),
            Command::Withdraw(name, amount, pin) => self.withdraw(name, amount, pin),
            Command::Unlock(name) => self.unlock(name),
            Command::Freeze(name) => self.freeze(name, true),
            Command::Unfreeze(name) => self.freeze(name, false),
            Command::SetLimit(name, limit) => self.set_limit(name, units(limit)),
            Command::Close(name, pin) => self.close(name, pin),
            Command::ChangeEmail(name, pin) => self.change_email(name, pin),
            Command::ChangePin(name, pin, new) => self.change_pin(name, pin, new),
            Command::Transfer { payer, payee, amount, pin } => self.transfer(payer, payee, amount, pin),
        };
        outcome.err().unwrap_or(Reply::Done)
    }

    fn create(&mut self, name: &'static str, pin: Pin, email: bool, limit: i64) -> Result<(), Reply> {
        if let Some(account) = self.accounts.get(name) {
            return Err(if account.closed { Reply::AccountClosed } else { Reply::AccountExists });
        }
        self.accounts
            .insert(name, Account { balance: 0, limit, pin, email, wrong_pins: 0, frozen: false, closed: false });
        self.log.push((name, "Account Created", None));
        if limit > 0 {
            self.log.push((name, "Overdraft Limit Set", None));
        }
        Ok(())
    }

    fn deposit(&mut self, name: &'static str, amount: u64) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.balance + units(amount) > units(LIMIT) {
            return Err(Reply::BalanceLimit);
        }
        account.balance += units(amount);
        if account.email {
            self.thanked.push(self.log.len());
        }
        self.log.push((name, "Money Deposited", Some(amount)));
        Ok(())
    }

    fn bonus(&mut self, name: &'static str, amount: u64) {
        let bonus = amount / 100;
        if self.pays_bonuses && name != CEO && self.bonuses < ENOUGH && bonus > 0 && self.deposit(CEO, bonus).is_ok() {
            self.bonuses += bonus;
        }
    }

    fn withdraw(&mut self, name: &'static str, amount: u64, pin: Pin) -> Result<(), Reply> {
        self.take_out(name, amount, pin, "Money Withdrawn")
    }

    fn take_out(&mut self, name: &'static str, amount: u64, pin: Pin, what: &'static str) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.frozen {
            return Err(Reply::AccountFrozen);
        }
        if let Err(refused) = account.admit(pin) {
            if refused == Reply::WrongPin {
                self.log.push((name, "Payment Declined", Some(amount)));
            }
            return Err(refused);
        }
        account.wrong_pins = 0;
        let balance = account.balance;
        if balance - units(amount) < -account.limit {
            self.log.push((name, "Payment Declined", Some(amount)));
            return Err(Reply::Declined { balance });
        }
        account.balance -= units(amount);
        self.log.push((name, what, Some(amount)));
        Ok(())
    }

    fn unlock(&mut self, name: &'static str) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.wrong_pins < MAX_WRONG_PINS {
            return Err(Reply::NotLocked);
        }
        account.wrong_pins = 0;
        self.log.push((name, "Account Unlocked", None));
        Ok(())
    }

    fn freeze(&mut self, name: &'static str, frozen: bool) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.frozen == frozen {
            return Err(if frozen { Reply::AlreadyFrozen } else { Reply::NotFrozen });
        }
        account.frozen = frozen;
        self.log.push((name, if frozen { "Account Frozen" } else { "Account Unfrozen" }, None));
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
        self.log.push((name, "Account Closed", None));
        Ok(())
    }

    fn set_limit(&mut self, name: &'static str, limit: i64) -> Result<(), Reply> {
        let account = self.open(name)?;
        if account.balance < -limit {
            return Err(Reply::OverdraftInUse);
        }
        account.limit = limit;
        self.log.push((name, "Overdraft Limit Set", None));
        Ok(())
    }

    fn change_email(&mut self, name: &'static str, pin: Pin) -> Result<(), Reply> {
        let account = self.change(name, pin)?;
        (account.email, account.wrong_pins) = (true, 0);
        self.log.push((name, "E-Mail Changed", None));
        Ok(())
    }

    fn change_pin(&mut self, name: &'static str, pin: Pin, new: &'static str) -> Result<(), Reply> {
        if self.open(name)?.pin.is_none() {
            return Err(Reply::NoPin);
        }
        let account = self.change(name, pin)?;
        (account.pin, account.wrong_pins) = (Some(new), 0);
        self.log.push((name, "PIN Changed", None));
        Ok(())
    }

    /// The account, if its holder may change it.
    fn change(&mut self, name: &'static str, pin: Pin) -> Result<&mut Account, Reply> {
        match self.open(name)?.admit(pin) {
            Ok(()) => self.open(name),
            Err(refused) => {
                if refused == Reply::WrongPin {
                    self.log.push((name, "Request Declined", None));
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
        self.take_out(payer, amount, pin, "Money Reserved")?;
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
            self.log.push((payer, "Transfer Released", Some(amount)));
            return Err(refused);
        }
        self.log.push((payee, "Transfer Credited", Some(amount)));
        self.log.push((payer, "Transfer Settled", Some(amount)));
        Ok(())
    }
}
