//! The account: what decides whether money may move.

use thiserror::Error;

use super::account_snapshot::AccountSnapshot;
use super::pin_lock::{Admission, PinLock};
use super::transfer::{Incoming, Outgoing, Released, Reservations};
use super::{AccountCommand, AccountEvent, AccountId, Money, PinCheck};
use crate::engine::domain::Aggregate;

/// An account as its own events tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The account's name and what it holds; nothing before it is created.
    open: Option<Open>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    id: AccountId,
    balance: Money,
    lock: PinLock,
    /// What has left the balance for transfers that are under way.
    reservations: Reservations,
}

/// Why an account says no.
///
/// A payment beyond the balance is not here: it is declined, and the decline is an event.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// There is an account of this name already.
    #[error("the account exists already")]
    AccountExists,
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The deposit would take the balance beyond [`Money::MAX`].
    #[error("the balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// The account has a PIN, and none was given.
    #[error("the account asks for a PIN")]
    PinRequired,
    /// Too many wrong PINs in a row; see [`MAX_WRONG_PINS`](super::MAX_WRONG_PINS).
    #[error("the account is locked")]
    AccountLocked,
    /// There is nothing to unlock.
    #[error("the account is not locked")]
    NotLocked,
    /// The PIN was checked against another verifier than the account's, for the account was created meanwhile.
    /// The bank checks again; a caller never sees this.
    #[error("the PIN was checked against what is not the account's")]
    OutdatedPinCheck,
    /// Payer and payee are one.
    #[error("an account cannot transfer money to itself")]
    SameAccount,
    /// More transfers of this account are under way than it can keep track of.
    #[error("too many transfers of this account are under way")]
    TooManyTransfers,
    /// Nothing is reserved for this transfer, or no longer.
    #[error("nothing is reserved for this transfer")]
    NoReservation,
}

impl Account {
    /// What the account holds; `None` before it is created.
    pub fn balance(&self) -> Option<Money> {
        self.open.as_ref().map(|open| open.balance)
    }
}

impl Aggregate for Account {
    const CATEGORY: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Refusal = Refusal;

    fn execute(&self, command: &AccountCommand) -> Result<Vec<AccountEvent>, Refusal> {
        let event = match (command, &self.open) {
            (AccountCommand::CreateAccount { .. }, Some(_)) => return Err(Refusal::AccountExists),
            (AccountCommand::CreateAccount { account_id, account_holder }, None) => {
                AccountEvent::AccountCreated { account_id: account_id.clone(), account_holder: account_holder.clone() }
            }
            (_, None) => return Err(Refusal::NoAccount),
            (AccountCommand::DepositMoney { amount, .. }, Some(open)) => open.deposit(*amount)?,
            (AccountCommand::WithdrawMoney { amount, pin, .. }, Some(open)) => open.withdraw(*amount, pin.as_ref())?,
            (AccountCommand::UnlockAccount { .. }, Some(open)) => open.unlock()?,
            (AccountCommand::ReserveMoney { outgoing, pin }, Some(open)) => open.reserve(outgoing, pin.as_ref())?,
            (AccountCommand::CreditTransfer(incoming), Some(open)) => open.credit(incoming)?,
            (AccountCommand::SettleTransfer { transfer_id, .. }, Some(open)) => {
                let outgoing = open.reservations.find(*transfer_id)?.clone();
                AccountEvent::TransferSettled(Box::new(outgoing))
            }
            (AccountCommand::ReleaseTransfer { transfer_id, reason, .. }, Some(open)) => {
                let outgoing = open.reservations.find(*transfer_id)?.clone();
                AccountEvent::TransferReleased(Box::new(Released { outgoing, reason: *reason }))
            }
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &AccountEvent) {
        if let AccountEvent::AccountCreated { account_id, account_holder } = event {
            let lock = PinLock::new(account_holder.pin_verifier().cloned());
            let reservations = Reservations::default();
            self.open = Some(Open { id: account_id.clone(), balance: Money::ZERO, lock, reservations });
        } else if let Some(open) = &mut self.open {
            open.apply(event);
        }
    }

    fn snapshot(&self) -> Option<String> {
        let Open { id, balance, lock, reservations } = self.open.as_ref()?;
        AccountSnapshot::new(id, *balance, lock, reservations).to_text()
    }

    fn restore(snapshot: &str) -> Option<Self> {
        let snapshot = AccountSnapshot::from_text(snapshot)?;
        let reservations = snapshot.reservations();
        let AccountSnapshot { account_id: id, balance, lock, .. } = snapshot;
        Some(Self { open: Some(Open { id, balance, lock, reservations }) })
    }

    /// A payment is weighed on the balance it would leave, unless it is refused or the PIN keeps it from being weighed
    /// at all.
    fn trace_value(&self, command: &AccountCommand) -> Option<i64> {
        let open = self.open.as_ref()?;
        let (amount, pin) = match command {
            AccountCommand::WithdrawMoney { amount, pin, .. } => (*amount, pin),
            AccountCommand::ReserveMoney { outgoing, pin } if outgoing.payee != open.id => (outgoing.amount, pin),
            _ => return None,
        };
        let granted = open.lock.admit(pin.as_ref()) == Ok(Admission::Granted);
        granted.then(|| open.balance.difference(amount))
    }
}

impl Open {
    fn apply(&mut self, event: &AccountEvent) {
        // What `execute` has decided never leaves the range, so a change that would is not one of its own.
        if let Some(balance) = event.movement().and_then(|movement| movement.applied_to(self.balance)) {
            self.balance = balance;
        }
        match event {
            AccountEvent::InvalidPin { .. } => self.lock.count_wrong_pin(),
            AccountEvent::MoneyWithdrawn { .. }
            | AccountEvent::AccountOverdrawn { .. }
            | AccountEvent::AccountUnlocked { .. } => self.lock.forget_wrong_pins(),
            AccountEvent::MoneyReserved(outgoing) => {
                self.lock.forget_wrong_pins();
                self.reservations.add(outgoing);
            }
            AccountEvent::TransferSettled(outgoing) => self.reservations.remove(outgoing.transfer_id),
            AccountEvent::TransferReleased(released) => self.reservations.remove(released.outgoing.transfer_id),
            AccountEvent::AccountCreated { .. }
            | AccountEvent::MoneyDeposited { .. }
            | AccountEvent::TransferCredited(_) => {}
        }
    }

    fn deposit(&self, amount: Money) -> Result<AccountEvent, Refusal> {
        self.check_room(amount)?;
        let account_id = self.id.clone();
        Ok(AccountEvent::MoneyDeposited { account_id, amount })
    }

    /// What is reserved may come back, so it has to find room too.
    fn check_room(&self, amount: Money) -> Result<(), Refusal> {
        let sum = self.balance.checked_add(self.reservations.total()).and_then(|held| held.checked_add(amount));
        sum.map(|_| ()).ok_or(Refusal::BalanceLimit)
    }

    fn reserve(&self, outgoing: &Outgoing, pin: Option<&PinCheck>) -> Result<AccountEvent, Refusal> {
        if outgoing.payee == self.id {
            return Err(Refusal::SameAccount);
        }
        let account_id = self.id.clone();
        let (balance, amount) = (self.balance, outgoing.amount);
        Ok(match (self.lock.admit(pin)?, balance.checked_sub(amount)) {
            (Admission::WrongPin, _) => AccountEvent::InvalidPin { account_id, amount_requested: amount },
            (Admission::Granted, Some(_)) => {
                self.reservations.check_room()?;
                AccountEvent::MoneyReserved(Box::new(Outgoing { account_id, ..outgoing.clone() }))
            }
            (Admission::Granted, None) => {
                AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount }
            }
        })
    }

    fn credit(&self, incoming: &Incoming) -> Result<AccountEvent, Refusal> {
        self.check_room(incoming.amount)?;
        let account_id = self.id.clone();
        Ok(AccountEvent::TransferCredited(Box::new(Incoming { account_id, ..incoming.clone() })))
    }

    fn withdraw(&self, amount: Money, pin: Option<&PinCheck>) -> Result<AccountEvent, Refusal> {
        let account_id = self.id.clone();
        let balance = self.balance;
        Ok(match (self.lock.admit(pin)?, balance.checked_sub(amount)) {
            (Admission::WrongPin, _) => AccountEvent::InvalidPin { account_id, amount_requested: amount },
            (Admission::Granted, Some(_)) => AccountEvent::MoneyWithdrawn { account_id, amount },
            (Admission::Granted, None) => {
                AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount }
            }
        })
    }

    fn unlock(&self) -> Result<AccountEvent, Refusal> {
        if self.lock.is_locked() {
            Ok(AccountEvent::AccountUnlocked { account_id: self.id.clone() })
        } else {
            Err(Refusal::NotLocked)
        }
    }
}
