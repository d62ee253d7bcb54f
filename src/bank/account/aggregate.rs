//! The account aggregate, which decides whether money may move.

use std::iter;

use uuid::Uuid;

use super::balance::{Balance, OverdraftLimit};
use super::change::{AccountChange, Change};
use super::commands::AccountCommand;
use super::events::AccountEvent;
use super::id::AccountId;
use super::pin_lock::{Admission, PinLock};
use super::refusal::Refusal;
use super::reservations::Reservations;
use super::reversal::ReversedCommands;
use super::snapshot::AccountSnapshot;
use super::standing::Standing;
use super::stated_reason::StatedReason;
use super::transfer::Released;
use crate::engine::domain::Aggregate;

/// An account, folded from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `None` before the account is created; a closed account has one too.
    open: Option<OpenAccount>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenAccount {
    pub(super) id: AccountId,
    pub(super) balance: Balance,
    pub(super) overdraft_limit: OverdraftLimit,
    pub(super) standing: Standing,
    pub(super) lock: PinLock,
    /// The amounts taken out of the balance for transfers under way.
    pub(super) reservations: Reservations,
    pub(super) reversed: ReversedCommands,
}

impl Account {
    /// The balance; `None` before the account is created.
    pub fn balance(&self) -> Option<Balance> {
        self.open.as_ref().map(|open| open.balance)
    }

    /// Why this account cannot have decided on an event, because of its standing, its PIN or its balance; `None` if it can.
    /// What `needs_no_pin` is an act of the bank itself.
    pub(in crate::bank) fn rules_out(&self, event: &AccountEvent, needs_no_pin: bool) -> Option<&'static str> {
        let open = self.open.as_ref()?;
        let restricted = open.standing.rules_out(event).or_else(|| open.lock.rules_out(event, needs_no_pin));
        if restricted.is_some() {
            return restricted;
        }
        match event {
            AccountEvent::AccountClosed { .. } if open.check_settled().is_err() => {
                Some("it closes an account that holds money or has a transfer under way")
            }
            AccountEvent::AccountOverdrawn { balance, amount_requested, .. }
                if *balance != open.balance || open.covers(*amount_requested) =>
            {
                Some("it declines a payment for a balance that its account does not have")
            }
            AccountEvent::AccountOverdrawn { declined, .. } | AccountEvent::InvalidPin { declined, .. }
                if declined.payee() == Some(&open.id) =>
            {
                Some("it declines a transfer from its account to itself")
            }
            _ => None,
        }
    }

    /// What the account holds, with what is reserved and may come back, in minor units.
    pub(in crate::bank) fn held(&self) -> i128 {
        self.open.as_ref().map_or(0, OpenAccount::held)
    }

    /// What is reserved for transfers under way, in minor units.
    pub fn reserved(&self) -> i64 {
        let reserved = self.open.as_ref().map_or(0, |open| open.held() - i128::from(open.balance.minor_units()));
        i64::try_from(reserved).unwrap_or(i64::MAX)
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

    /// Whether the account is closed.
    pub fn is_closed(&self) -> bool {
        self.standing() == Some(Standing::Closed)
    }

    /// Whether the account is frozen: nothing goes out.
    pub fn is_frozen(&self) -> bool {
        self.standing() == Some(Standing::Frozen)
    }

    /// Whether too many wrong PINs in a row have locked the account.
    pub fn is_locked(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.lock.is_locked())
    }

    /// How far below zero the balance may fall.
    pub fn overdraft_limit(&self) -> OverdraftLimit {
        self.open.as_ref().map_or(OverdraftLimit::NONE, |open| open.overdraft_limit)
    }

    /// Whether a payment, or closing the account, is refused for lack of a PIN alone.
    pub fn wants_pin_to_pay(&self) -> bool {
        !self.is_frozen() && self.wants_pin_to_change()
    }

    /// Whether a change of the account is refused for lack of a PIN alone. A frozen account can be changed.
    pub fn wants_pin_to_change(&self) -> bool {
        !self.is_closed() && self.open.as_ref().is_some_and(|open| open.lock.admit(None) == Err(Refusal::PinRequired))
    }

    /// Why the account does not get another PIN as long as one of the two PINs is missing.
    pub fn refusal_without_pins(&self) -> Refusal {
        match &self.open {
            None => Refusal::NoAccount,
            Some(open) if open.standing == Standing::Closed => Refusal::AccountClosed,
            Some(open) if !open.lock.has_pin() => Refusal::NoPin,
            Some(open) if open.lock.is_locked() => Refusal::AccountLocked,
            Some(_) => Refusal::PinRequired,
        }
    }

    fn standing(&self) -> Option<Standing> {
        self.open.as_ref().map(|open| open.standing)
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
                account_id.check_new().map_err(Refusal::InvalidName)?;
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
            (AccountCommand::SetOverdraftLimit { limit, .. }, Some(open)) if *limit == open.overdraft_limit => {
                return Ok(Vec::new());
            }
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
            AccountEvent::MoneyWithdrawn { .. } | AccountEvent::AccountOverdrawn { .. } => {
                self.lock.forget_wrong_pins();
            }
            AccountEvent::AccountUnlocked { .. } => self.lock.unlock(),
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

    fn set_overdraft_limit(&self, limit: OverdraftLimit) -> Result<AccountEvent, Refusal> {
        match self.balance.is_within(limit) {
            true => Ok(AccountEvent::OverdraftLimitSet { account_id: self.id.clone(), limit }),
            false => Err(Refusal::OverdraftInUse),
        }
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
