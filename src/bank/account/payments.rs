//! Whether money may move, in and out of an account.

use uuid::Uuid;

use super::aggregate::OpenAccount;
use super::booking::{BookingDetails, DeclinedDetails};
use super::events::AccountEvent;
use super::money::Money;
use super::pin_lock::Admission;
use super::refusal::Refusal;
use super::reversal::Reversal;
use super::transfer::{Incoming, Outgoing};
use crate::bank::pin::PinCheck;

impl OpenAccount {
    pub(super) fn deposit(&self, amount: Money, details: &BookingDetails) -> Result<AccountEvent, Refusal> {
        self.check_balance_limit(amount)?;
        let (account_id, details) = (self.id.clone(), details.clone());
        Ok(AccountEvent::MoneyDeposited { account_id, amount, details })
    }

    /// Counts reservations too, since a released transfer returns them to the balance.
    pub(super) fn check_balance_limit(&self, amount: Money) -> Result<(), Refusal> {
        let is_too_much = self.held() + i128::from(amount.minor_units()) > i128::from(Money::MAX.minor_units());
        if is_too_much { Err(Refusal::BalanceLimit) } else { Ok(()) }
    }

    /// The balance and the reservations, in minor units.
    pub(super) fn held(&self) -> i128 {
        i128::from(self.balance.minor_units()) + i128::from(self.reservations.total())
    }

    /// Decides whether something may go out, as far as standing and PIN are concerned.
    pub(super) fn admit(&self, pin: Option<&PinCheck>) -> Result<Admission, Refusal> {
        self.standing.check_unfrozen()?;
        self.lock.admit(pin)
    }

    pub(super) fn reserve(&self, outgoing: &Outgoing, pin: Option<&PinCheck>) -> Result<AccountEvent, Refusal> {
        self.standing.check_unfrozen()?;
        if outgoing.payee == self.id {
            return Err(Refusal::SameAccount);
        }
        if let Some(reversed) = outgoing.details.reverses() {
            return self.transfer_back(outgoing, reversed);
        }
        let account_id = self.id.clone();
        let (balance, amount) = (self.balance, outgoing.amount);
        let declined = || DeclinedDetails::new(Some(outgoing.payee.clone()), outgoing.details.clone());
        Ok(match (self.lock.admit(pin)?, self.covers(amount)) {
            (Admission::WrongPin, _) => {
                AccountEvent::InvalidPin { account_id, amount_requested: amount, declined: declined() }
            }
            (Admission::Granted, true) => {
                self.reservations.check_capacity()?;
                AccountEvent::MoneyReserved(Box::new(Outgoing { account_id, ..outgoing.clone() }))
            }
            (Admission::Granted, false) => {
                AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount, declined: declined() }
            }
        })
    }

    /// Whether balance and overdraft limit cover a payment.
    pub(super) fn covers(&self, amount: Money) -> bool {
        self.balance.checked_sub(amount).is_some_and(|left| left.is_within(self.overdraft_limit))
    }

    /// Refuses to take back more than balance and overdraft limit cover.
    pub(super) fn check_funds(&self, amount: Money) -> Result<(), Refusal> {
        if self.covers(amount) { Ok(()) } else { Err(Refusal::Overdrawn) }
    }

    /// The bank's own act, which needs no PIN and is no payment that could be declined.
    pub(super) fn transfer_back(&self, outgoing: &Outgoing, reversed: Uuid) -> Result<AccountEvent, Refusal> {
        self.reversed.check(reversed)?;
        self.check_funds(outgoing.amount)?;
        self.reservations.check_capacity()?;
        Ok(AccountEvent::MoneyReserved(Box::new(Outgoing { account_id: self.id.clone(), ..outgoing.clone() })))
    }

    pub(super) fn reverse_deposit(&self, reversal: &Reversal) -> Result<AccountEvent, Refusal> {
        self.standing.check_unfrozen()?;
        self.reversed.check(reversal.reverses)?;
        self.check_funds(reversal.amount)?;
        Ok(AccountEvent::DepositReversed(Box::new(Reversal { account_id: self.id.clone(), ..reversal.clone() })))
    }

    pub(super) fn reverse_withdrawal(&self, reversal: &Reversal) -> Result<AccountEvent, Refusal> {
        self.reversed.check(reversal.reverses)?;
        self.check_balance_limit(reversal.amount)?;
        Ok(AccountEvent::WithdrawalReversed(Box::new(Reversal { account_id: self.id.clone(), ..reversal.clone() })))
    }

    pub(super) fn credit(&self, incoming: &Incoming) -> Result<AccountEvent, Refusal> {
        self.check_balance_limit(incoming.amount)?;
        let account_id = self.id.clone();
        Ok(AccountEvent::TransferCredited(Box::new(Incoming { account_id, ..incoming.clone() })))
    }

    pub(super) fn withdraw(
        &self,
        amount: Money,
        details: &BookingDetails,
        pin: Option<&PinCheck>,
    ) -> Result<AccountEvent, Refusal> {
        let account_id = self.id.clone();
        let balance = self.balance;
        let declined = || DeclinedDetails::new(None, details.clone());
        Ok(match (self.admit(pin)?, self.covers(amount)) {
            (Admission::WrongPin, _) => {
                AccountEvent::InvalidPin { account_id, amount_requested: amount, declined: declined() }
            }
            (Admission::Granted, true) => AccountEvent::MoneyWithdrawn { account_id, amount, details: details.clone() },
            (Admission::Granted, false) => {
                AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount, declined: declined() }
            }
        })
    }
}
