//! The account aggregate, which decides whether money may move.

use std::fmt;

use super::booking::{BookingDetails, Memo};
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

/// An account, folded from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `None` before the account is created.
    open: Option<OpenAccount>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OpenAccount {
    id: AccountId,
    balance: Money,
    lock: PinLock,
    /// The amounts taken out of the balance for transfers under way.
    reservations: Reservations,
}

impl Account {
    /// The balance; `None` before the account is created.
    pub fn balance(&self) -> Option<Money> {
        self.open.as_ref().map(|open| open.balance)
    }
}

impl Account {
    /// Whether more transfers are under way than an account allows.
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
            (AccountCommand::DepositMoney { amount, details, .. }, Some(open)) => open.deposit(*amount, details)?,
            (AccountCommand::WithdrawMoney { amount, details, pin, .. }, Some(open)) => {
                open.withdraw(*amount, details, pin.as_deref())?
            }
            (AccountCommand::UnlockAccount { .. }, Some(open)) => open.unlock()?,
            (AccountCommand::ReserveMoney { outgoing, pin }, Some(open)) => open.reserve(outgoing, pin.as_deref())?,
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
            self.open = Some(OpenAccount { id: account_id.clone(), balance: Money::ZERO, lock, reservations });
        } else if let Some(open) = &mut self.open {
            open.apply(event);
        }
    }

    fn snapshot(&self) -> Option<String> {
        let OpenAccount { id, balance, lock, reservations } = self.open.as_ref()?;
        AccountSnapshot::new(id, *balance, lock, reservations).to_text()
    }

    fn restore(snapshot: &str) -> Option<Self> {
        let snapshot = AccountSnapshot::from_text(snapshot)?;
        let reservations = snapshot.reservations();
        let AccountSnapshot { account_id: id, balance, lock, .. } = snapshot;
        Some(Self { open: Some(OpenAccount { id, balance, lock, reservations }) })
    }

    /// The balance that a payment would leave. Nothing is traced for a payment that is refused, or whose PIN is wrong.
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
        let granted = open.lock.admit(pin.as_deref()) == Ok(Admission::Granted);
        granted.then(|| open.balance.difference(amount))
    }
}

impl OpenAccount {
    fn apply(&mut self, event: &AccountEvent) {
        // `execute` never decides on a balance out of range; in a damaged log, such a movement is ignored.
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
            | AccountEvent::TransferCredited(_)
            | AccountEvent::CurrencyChosen(_) => {}
        }
    }

    fn deposit(&self, amount: Money, details: &BookingDetails) -> Result<AccountEvent, Refusal> {
        self.check_balance_limit(amount)?;
        let (account_id, details) = (self.id.clone(), details.clone());
        Ok(AccountEvent::MoneyDeposited { account_id, amount, details })
    }

    /// Counts reservations too, since a released transfer returns them to the balance.
    fn check_balance_limit(&self, amount: Money) -> Result<(), Refusal> {
        let new_total = self.balance.checked_add(self.reservations.total()).and_then(|held| held.checked_add(amount));
        new_total.map(|_| ()).ok_or(Refusal::BalanceLimit)
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
                self.reservations.check_capacity()?;
                AccountEvent::MoneyReserved(Box::new(Outgoing { account_id, ..outgoing.clone() }))
            }
            (Admission::Granted, None) => {
                AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount }
            }
        })
    }

    fn credit(&self, incoming: &Incoming) -> Result<AccountEvent, Refusal> {
        self.check_balance_limit(incoming.amount)?;
        let account_id = self.id.clone();
        Ok(AccountEvent::TransferCredited(Box::new(Incoming { account_id, ..incoming.clone() })))
    }

    fn withdraw(
        &self,
        amount: Money,
        details: &BookingDetails,
        pin: Option<&PinCheck>,
    ) -> Result<AccountEvent, Refusal> {
        let account_id = self.id.clone();
        let balance = self.balance;
        Ok(match (self.lock.admit(pin)?, balance.checked_sub(amount)) {
            (Admission::WrongPin, _) => AccountEvent::InvalidPin { account_id, amount_requested: amount },
            (Admission::Granted, Some(_)) => {
                AccountEvent::MoneyWithdrawn { account_id, amount, details: details.clone() }
            }
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

    /// Leaves out the PIN check, so that a retry with another PIN is the same command.
    fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::CreateAccount { account_id, account_holder } => {
                let email = account_holder.email().map_or("", EmailAddress::as_str);
                let has_pin = account_holder.pin_verifier().is_some();
                Fingerprint::of(&[&"create_account", account_id, &account_holder.name(), &email, &has_pin])
            }
            Self::DepositMoney { account_id, amount, details } => {
                with_details(&[&"deposit_money", account_id, amount], details)
            }
            Self::WithdrawMoney { account_id, amount, details, .. } => {
                with_details(&[&"withdraw_money", account_id, amount], details)
            }
            Self::UnlockAccount { account_id } => Fingerprint::of(&[&"unlock_account", account_id]),
            Self::ReserveMoney { outgoing, .. } => {
                let Outgoing { account_id, transfer_id, payee, amount, details } = outgoing.as_ref();
                with_details(&[&"reserve_money", account_id, transfer_id, payee, amount], details)
            }
            Self::CreditTransfer(incoming) => {
                let Incoming { account_id, transfer_id, payer, amount, details } = incoming.as_ref();
                with_details(&[&"credit_transfer", account_id, transfer_id, payer, amount], details)
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

/// The fingerprint of a booking. Without details it is what it was before there were any.
fn with_details(parts: &[&dyn fmt::Display], details: &BookingDetails) -> Fingerprint {
    if details.are_none() {
        return Fingerprint::of(parts);
    }
    let memo = details.memo().map_or("", Memo::as_str);
    let booking_date = details.booking_date().map_or_else(String::new, |date| date.to_string());
    Fingerprint::of(&[parts, &[&memo, &booking_date]].concat())
}
