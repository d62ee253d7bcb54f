//! The account aggregate, which decides whether money may move.

use std::iter;

use uuid::Uuid;

use super::balance::{Balance, OverdraftLimit};
use super::booking::BookingDetails;
use super::change::{AccountChange, Change};
use super::commands::AccountCommand;
use super::events::AccountEvent;
use super::id::AccountId;
use super::money::Money;
use super::pin_lock::{Admission, PinLock};
use super::refusal::Refusal;
use super::reservations::Reservations;
use super::reversal::{Reversal, ReversedCommands};
use super::snapshot::AccountSnapshot;
use super::standing::Standing;
use super::stated_reason::StatedReason;
use super::transfer::{Incoming, Outgoing, Released};
use crate::bank::pin::PinCheck;
use crate::engine::domain::Aggregate;

/// An account, folded from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `None` before the account is created; a closed account has one too.
    open: Option<OpenAccount>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OpenAccount {
    id: AccountId,
    balance: Balance,
    overdraft_limit: OverdraftLimit,
    standing: Standing,
    lock: PinLock,
    /// The amounts taken out of the balance for transfers under way.
    reservations: Reservations,
    reversed: ReversedCommands,
}

impl Account {
    /// The balance; `None` before the account is created.
    pub fn balance(&self) -> Option<Balance> {
        self.open.as_ref().map(|open| open.balance)
    }

    /// Whether too many wrong PINs have locked the account.
    pub fn is_locked(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.lock.is_locked())
    }

    /// Why this account cannot have decided on an event, because of its standing; `None` if it can.
    pub(in crate::bank) fn rules_out(&self, event: &AccountEvent) -> Option<&'static str> {
        let open = self.open.as_ref()?;
        match event {
            AccountEvent::AccountClosed { .. } if open.check_settled().is_err() => {
                Some("it closes an account that holds money or has a transfer under way")
            }
            AccountEvent::PinChanged { .. } if !open.lock.has_pin() => Some("its account has no PIN"),
            AccountEvent::AccountOverdrawn { balance, amount_requested, .. }
                if *balance != open.balance || open.covers(*amount_requested) =>
            {
                Some("it declines a payment for a balance that its account does not have")
            }
            _ => open.standing.rules_out(event),
        }
    }

    /// Whether the balance is below what the overdraft limit allows.
    pub(in crate::bank) fn is_below_limit(&self) -> bool {
        self.open.as_ref().is_some_and(|open| !open.balance.is_within(open.overdraft_limit))
    }

    /// Whether the account has reversed the booking of a command.
    pub(in crate::bank) fn has_reversed(&self, command_id: Uuid) -> bool {
        self.open.as_ref().is_some_and(|open| open.reversed.contain(command_id))
    }

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
            (_, Some(OpenAccount { standing: Standing::Closed, .. })) => return Err(Refusal::AccountClosed),
            (AccountCommand::CreateAccount { .. }, Some(_)) => return Err(Refusal::AccountExists),
            (AccountCommand::CreateAccount { account_id, account_holder, opening }, None) => {
                let (account_id, account_holder) = (account_id.clone(), account_holder.clone());
                let created = AccountEvent::AccountCreated { account_id: account_id.clone(), account_holder };
                let opening = opening.iter().flat_map(|opening| opening.events(&account_id));
                return Ok(iter::once(created).chain(opening).collect());
            }
            (_, None) => return Err(Refusal::NoAccount),
            (AccountCommand::DepositMoney { amount, details, .. }, Some(open)) => open.deposit(*amount, details)?,
            (AccountCommand::WithdrawMoney { amount, details, pin, .. }, Some(open)) => {
                open.withdraw(*amount, details, pin.as_deref())?
            }
            (AccountCommand::UnlockAccount { .. }, Some(open)) => open.unlock()?,
            (AccountCommand::FreezeAccount { reason, .. }, Some(open)) => open.freeze(reason.clone())?,
            (AccountCommand::UnfreezeAccount { .. }, Some(open)) => open.unfreeze()?,
            (AccountCommand::SetOverdraftLimit { limit, .. }, Some(open)) => open.set_overdraft_limit(*limit)?,
            (AccountCommand::ChangeAccount(wanted), Some(open)) => open.change(wanted)?,
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
            (AccountCommand::ReverseDeposit(reversal), Some(open)) => open.reverse_deposit(reversal)?,
            (AccountCommand::ReverseWithdrawal(reversal), Some(open)) => open.reverse_withdrawal(reversal)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &AccountEvent) {
        if let AccountEvent::AccountCreated { account_id, account_holder } = event {
            let lock = PinLock::new(account_holder.pin_verifier().cloned());
            let (standing, reservations) = (Standing::default(), Reservations::default());
            let (id, balance, overdraft_limit) = (account_id.clone(), Balance::ZERO, OverdraftLimit::NONE);
            let reversed = ReversedCommands::default();
            self.open = Some(OpenAccount { id, balance, overdraft_limit, standing, lock, reservations, reversed });
        } else if let Some(open) = &mut self.open {
            open.apply(event);
        }
    }

    fn snapshot(&self) -> Option<String> {
        let OpenAccount { id, balance, overdraft_limit, standing, lock, reservations, reversed } =
            self.open.as_ref()?;
        AccountSnapshot::new(id, *balance, *overdraft_limit, *standing, lock, reservations, reversed).to_text()
    }

    fn restore(snapshot: &str) -> Option<Self> {
        let snapshot = AccountSnapshot::from_text(snapshot)?;
        let reservations = snapshot.reservations();
        let AccountSnapshot { account_id: id, balance, overdraft_limit, standing, lock, reversed, .. } = snapshot;
        Some(Self { open: Some(OpenAccount { id, balance, overdraft_limit, standing, lock, reservations, reversed }) })
    }

    /// The balance that a payment would leave. Nothing is traced for a payment that is refused, or whose PIN is wrong.
    fn trace_value(&self, command: &AccountCommand) -> Option<i64> {
        let open = self.open.as_ref()?;
        let (amount, pin) = match command {
            AccountCommand::WithdrawMoney { amount, pin, .. } => (*amount, pin),
            AccountCommand::ReserveMoney { outgoing, pin }
                if outgoing.payee != open.id && outgoing.details.reverses().is_none() =>
            {
                (outgoing.amount, pin)
            }
            _ => return None,
        };
        let granted = open.admit(pin.as_deref()) == Ok(Admission::Granted);
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
            AccountEvent::InvalidPin { .. } | AccountEvent::PinRejected { .. } => self.lock.count_wrong_pin(),
            AccountEvent::MoneyWithdrawn { .. }
            | AccountEvent::AccountOverdrawn { .. }
            | AccountEvent::AccountUnlocked { .. } => self.lock.forget_wrong_pins(),
            AccountEvent::MoneyReserved(outgoing) => {
                match outgoing.details.reverses() {
                    Some(reversed) => self.reversed.add(reversed),
                    None => self.lock.forget_wrong_pins(),
                }
                self.reservations.add(outgoing);
            }
            AccountEvent::HolderChanged { .. } | AccountEvent::EmailChanged { .. } => self.lock.forget_wrong_pins(),
            AccountEvent::OverdraftLimitSet { limit, .. } => self.overdraft_limit = *limit,
            AccountEvent::PinChanged { pin_verifier, .. } => self.lock = PinLock::new(Some(pin_verifier.clone())),
            AccountEvent::TransferSettled(outgoing) => self.reservations.remove(outgoing.transfer_id),
            AccountEvent::TransferReleased(released) => {
                self.reservations.remove(released.outgoing.transfer_id);
                if let Some(reversed) = released.outgoing.details.reverses() {
                    self.reversed.remove(reversed);
                }
            }
            AccountEvent::DepositReversed(reversal) | AccountEvent::WithdrawalReversed(reversal) => {
                self.reversed.add(reversal.reverses);
            }
            _ => self.standing.apply(event),
        }
    }

    fn deposit(&self, amount: Money, details: &BookingDetails) -> Result<AccountEvent, Refusal> {
        self.check_balance_limit(amount)?;
        let (account_id, details) = (self.id.clone(), details.clone());
        Ok(AccountEvent::MoneyDeposited { account_id, amount, details })
    }

    /// Counts reservations too, since a released transfer returns them to the balance.
    fn check_balance_limit(&self, amount: Money) -> Result<(), Refusal> {
        let held = i128::from(self.balance.minor_units()) + i128::from(self.reservations.total());
        let is_too_much = held + i128::from(amount.minor_units()) > i128::from(Money::MAX.minor_units());
        if is_too_much { Err(Refusal::BalanceLimit) } else { Ok(()) }
    }

    /// Decides whether something may go out, as far as standing and PIN are concerned.
    fn admit(&self, pin: Option<&PinCheck>) -> Result<Admission, Refusal> {
        self.standing.check_unfrozen()?;
        self.lock.admit(pin)
    }

    fn reserve(&self, outgoing: &Outgoing, pin: Option<&PinCheck>) -> Result<AccountEvent, Refusal> {
        self.standing.check_unfrozen()?;
        if outgoing.payee == self.id {
            return Err(Refusal::SameAccount);
        }
        if let Some(reversed) = outgoing.details.reverses() {
            return self.transfer_back(outgoing, reversed);
        }
        let account_id = self.id.clone();
        let (balance, amount) = (self.balance, outgoing.amount);
        Ok(match (self.lock.admit(pin)?, self.covers(amount)) {
            (Admission::WrongPin, _) => AccountEvent::InvalidPin { account_id, amount_requested: amount },
            (Admission::Granted, true) => {
                self.reservations.check_capacity()?;
                AccountEvent::MoneyReserved(Box::new(Outgoing { account_id, ..outgoing.clone() }))
            }
            (Admission::Granted, false) => {
                AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount }
            }
        })
    }

    /// Whether balance and overdraft limit cover a payment.
    fn covers(&self, amount: Money) -> bool {
        self.balance.checked_sub(amount).is_some_and(|left| left.is_within(self.overdraft_limit))
    }

    /// Refuses to take back more than that.
    fn check_funds(&self, amount: Money) -> Result<(), Refusal> {
        if self.covers(amount) { Ok(()) } else { Err(Refusal::Overdrawn) }
    }

    fn set_overdraft_limit(&self, limit: OverdraftLimit) -> Result<AccountEvent, Refusal> {
        match self.balance.is_within(limit) {
            true => Ok(AccountEvent::OverdraftLimitSet { account_id: self.id.clone(), limit }),
            false => Err(Refusal::OverdraftInUse),
        }
    }

    /// The bank's own act, which needs no PIN and is no payment that could be declined.
    fn transfer_back(&self, outgoing: &Outgoing, reversed: Uuid) -> Result<AccountEvent, Refusal> {
        self.reversed.check(reversed)?;
        self.check_funds(outgoing.amount)?;
        self.reservations.check_capacity()?;
        Ok(AccountEvent::MoneyReserved(Box::new(Outgoing { account_id: self.id.clone(), ..outgoing.clone() })))
    }

    fn reverse_deposit(&self, reversal: &Reversal) -> Result<AccountEvent, Refusal> {
        self.standing.check_unfrozen()?;
        self.reversed.check(reversal.reverses)?;
        self.check_funds(reversal.amount)?;
        Ok(AccountEvent::DepositReversed(Box::new(Reversal { account_id: self.id.clone(), ..reversal.clone() })))
    }

    fn reverse_withdrawal(&self, reversal: &Reversal) -> Result<AccountEvent, Refusal> {
        self.reversed.check(reversal.reverses)?;
        self.check_balance_limit(reversal.amount)?;
        Ok(AccountEvent::WithdrawalReversed(Box::new(Reversal { account_id: self.id.clone(), ..reversal.clone() })))
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
        Ok(match (self.admit(pin)?, self.covers(amount)) {
            (Admission::WrongPin, _) => AccountEvent::InvalidPin { account_id, amount_requested: amount },
            (Admission::Granted, true) => AccountEvent::MoneyWithdrawn { account_id, amount, details: details.clone() },
            (Admission::Granted, false) => {
                AccountEvent::AccountOverdrawn { account_id, balance, amount_requested: amount }
            }
        })
    }

    fn freeze(&self, reason: Option<StatedReason>) -> Result<AccountEvent, Refusal> {
        self.standing.check_unfrozen().map_err(|_| Refusal::AlreadyFrozen)?;
        Ok(AccountEvent::AccountFrozen { account_id: self.id.clone(), reason })
    }

    fn unfreeze(&self) -> Result<AccountEvent, Refusal> {
        match self.standing {
            Standing::Frozen => Ok(AccountEvent::AccountUnfrozen { account_id: self.id.clone() }),
            Standing::Normal | Standing::Closed => Err(Refusal::NotFrozen),
        }
    }

    fn change(&self, wanted: &AccountChange) -> Result<AccountEvent, Refusal> {
        let account_id = self.id.clone();
        match &wanted.change {
            Change::Close { .. } => self.standing.check_unfrozen()?,
            Change::Pin(_) if !self.lock.has_pin() => return Err(Refusal::NoPin),
            Change::Holder(_) | Change::Email(_) | Change::Pin(_) => {}
        }
        if self.lock.admit(wanted.pin.as_deref())? == Admission::WrongPin {
            return Ok(AccountEvent::PinRejected { account_id });
        }
        Ok(match wanted.change.clone() {
            Change::Close { reason } => {
                self.check_settled()?;
                AccountEvent::AccountClosed { account_id, reason }
            }
            Change::Holder(account_holder) => AccountEvent::HolderChanged { account_id, account_holder },
            Change::Email(email) => AccountEvent::EmailChanged { account_id, email },
            Change::Pin(pin_verifier) => AccountEvent::PinChanged { account_id, pin_verifier },
        })
    }

    /// Refuses to close an account while anything is held or under way.
    fn check_settled(&self) -> Result<(), Refusal> {
        match (self.balance == Balance::ZERO, self.reservations.are_none()) {
            (false, _) => Err(Refusal::BalanceNotZero),
            (true, false) => Err(Refusal::TransferUnderWay),
            (true, true) => Ok(()),
        }
    }

    fn unlock(&self) -> Result<AccountEvent, Refusal> {
        if self.lock.is_locked() {
            Ok(AccountEvent::AccountUnlocked { account_id: self.id.clone() })
        } else {
            Err(Refusal::NotLocked)
        }
    }
}
