//! The account: what decides whether money may move.

use super::commands::{AccountCommand, CREATE_ACCOUNT, TRANSFER_MONEY};
use super::email_address::EmailAddress;
use super::events::AccountEvent;
use super::id::AccountId;
use super::money::Money;
use super::pin_lock::{Admission, PinLock};
use super::refusal::Refusal;
use super::reservations::Reservations;
use super::snapshot::AccountSnapshot;
use super::transfer::{Incoming, Outgoing, ReleaseReason, Released};
use crate::bank::pin::PinCheck;
use crate::engine::domain::{Aggregate, Command};
use crate::engine::log::Fingerprint;

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

impl Account {
    /// What the account holds; `None` before it is created.
    pub fn balance(&self) -> Option<Money> {
        self.open.as_ref().map(|open| open.balance)
    }
}

impl Account {
    /// Whether more transfers are under way than it would have begun.
    pub(in crate::bank) fn has_too_many_transfers(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.reservations.are_too_many())
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
            AccountCommand::ReserveMoney { .. }
            | AccountCommand::CreateAccount { .. }
            | AccountCommand::DepositMoney { .. }
            | AccountCommand::UnlockAccount { .. }
            | AccountCommand::CreditTransfer(_)
            | AccountCommand::SettleTransfer { .. }
            | AccountCommand::ReleaseTransfer { .. } => return None,
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

impl Command for AccountCommand {
    type Aggregate = Account;
    type Id = AccountId;

    fn target(&self) -> &AccountId {
        match self {
            Self::CreateAccount { account_id, .. }
            | Self::DepositMoney { account_id, .. }
            | Self::WithdrawMoney { account_id, .. }
            | Self::UnlockAccount { account_id }
            | Self::SettleTransfer { account_id, .. }
            | Self::ReleaseTransfer { account_id, .. } => account_id,
            Self::ReserveMoney { outgoing, .. } => &outgoing.account_id,
            Self::CreditTransfer(incoming) => &incoming.account_id,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::CreateAccount { .. } => CREATE_ACCOUNT,
            Self::DepositMoney { .. } => "Deposit Money",
            Self::WithdrawMoney { .. } => "Withdraw Money",
            Self::UnlockAccount { .. } => "Unlock Account",
            Self::ReserveMoney { .. } => TRANSFER_MONEY,
            Self::CreditTransfer(_) => "Credit Transfer",
            Self::SettleTransfer { .. } => "Settle Transfer",
            Self::ReleaseTransfer { .. } => "Release Transfer",
        }
    }

    /// Neither a PIN nor what came of checking it is a part of it.
    fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::CreateAccount { account_id, account_holder } => {
                let email = account_holder.email().map_or("", EmailAddress::as_str);
                let has_pin = account_holder.pin_verifier().is_some();
                Fingerprint::of(&[&"create_account", account_id, &account_holder.name(), &email, &has_pin])
            }
            Self::DepositMoney { account_id, amount } => Fingerprint::of(&[&"deposit_money", account_id, amount]),
            Self::WithdrawMoney { account_id, amount, .. } => Fingerprint::of(&[&"withdraw_money", account_id, amount]),
            Self::UnlockAccount { account_id } => Fingerprint::of(&[&"unlock_account", account_id]),
            Self::ReserveMoney { outgoing, .. } => {
                let Outgoing { account_id, transfer_id, payee, amount } = outgoing.as_ref();
                Fingerprint::of(&[&"reserve_money", account_id, transfer_id, payee, amount])
            }
            Self::CreditTransfer(incoming) => {
                let Incoming { account_id, transfer_id, payer, amount } = incoming.as_ref();
                Fingerprint::of(&[&"credit_transfer", account_id, transfer_id, payer, amount])
            }
            Self::SettleTransfer { account_id, transfer_id } => {
                Fingerprint::of(&[&"settle_transfer", account_id, transfer_id])
            }
            Self::ReleaseTransfer { account_id, transfer_id, reason } => {
                let reason = match reason {
                    ReleaseReason::NoPayee => "no_payee",
                    ReleaseReason::BalanceLimit => "balance_limit",
                };
                Fingerprint::of(&[&"release_transfer", account_id, transfer_id, &reason])
            }
        }
    }
}
