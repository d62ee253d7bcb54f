//! The commands of accounts.

use super::balance::OverdraftLimit;
use super::booking::BookingDetails;
use super::change::AccountChange;
use super::events::AccountEvent;
use super::holder::AccountHolder;
use super::id::AccountId;
use super::money::Money;
use super::reversal::Reversal;
use super::stated_reason::StatedReason;
use crate::bank::account::transfer::{Incoming, Outgoing, ReleaseReason, TransferId};
use crate::bank::pin::PinCheck;

/// The title of a command that is traced before the command is built.
pub(in crate::bank) const CREATE_ACCOUNT: &str = "Create Account";

/// What an account has from the beginning, besides its holder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The first deposit, in the same commit as the creation.
    pub deposit: Option<Money>,
    /// Memo and booking date of the deposit. Without a deposit there is nothing that could have them.
    pub details: BookingDetails,
    /// The overdraft limit.
    pub overdraft_limit: OverdraftLimit,
}

impl Opening {
    /// The events that follow the creation.
    pub(in crate::bank) fn events(&self, account_id: &AccountId) -> impl Iterator<Item = AccountEvent> {
        let Self { deposit, details, overdraft_limit: limit } = self.clone();
        let limit =
            (!limit.is_none()).then(|| AccountEvent::OverdraftLimitSet { account_id: account_id.clone(), limit });
        let deposit =
            deposit.map(|amount| AccountEvent::MoneyDeposited { account_id: account_id.clone(), amount, details });
        limit.into_iter().chain(deposit)
    }
}

/// A command to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// Create an account.
    CreateAccount {
        /// The account's name.
        account_id: AccountId,
        /// The holder.
        account_holder: AccountHolder,
        /// What the account has from the beginning; `None` for most. Boxed, so that the common commands stay small.
        opening: Option<Box<Opening>>,
    },
    /// Deposit an amount.
    DepositMoney {
        /// The account.
        account_id: AccountId,
        /// The amount.
        amount: Money,
        /// Memo and booking date.
        details: BookingDetails,
    },
    /// Withdraw an amount.
    WithdrawMoney {
        /// The account.
        account_id: AccountId,
        /// The amount.
        amount: Money,
        /// Memo and booking date.
        details: BookingDetails,
        /// The result of checking the PIN; `None` if no PIN was given.
        pin: Option<Box<PinCheck>>,
    },
    /// Unlock an account after too many wrong PINs.
    UnlockAccount {
        /// The account.
        account_id: AccountId,
    },
    /// Freeze an account.
    FreezeAccount {
        /// The account.
        account_id: AccountId,
        /// Why, if the bank says so.
        reason: Option<StatedReason>,
    },
    /// Set how far below zero the balance may fall.
    SetOverdraftLimit {
        /// The account.
        account_id: AccountId,
        /// The limit.
        limit: OverdraftLimit,
    },
    /// End the freezing of an account.
    UnfreezeAccount {
        /// The account.
        account_id: AccountId,
    },
    /// Change an account as its holder asks.
    ChangeAccount(Box<AccountChange>),
    /// Begin a transfer: reserve the amount in the payer's account.
    ReserveMoney {
        /// The payer's side of the transfer.
        outgoing: Box<Outgoing>,
        /// The result of checking the PIN; `None` if no PIN was given.
        pin: Option<Box<PinCheck>>,
    },
    /// Credit the amount of a transfer to the payee.
    CreditTransfer(Box<Incoming>),
    /// End a transfer that was credited to the payee.
    SettleTransfer {
        /// The payer.
        account_id: AccountId,
        /// The transfer.
        transfer_id: TransferId,
    },
    /// End a transfer that the payee cannot take: return the amount to the payer.
    ReleaseTransfer {
        /// The payer.
        account_id: AccountId,
        /// The transfer.
        transfer_id: TransferId,
        /// Why the payee cannot take it.
        reason: ReleaseReason,
    },
    /// Take a deposit back out of the account.
    ReverseDeposit(Box<Reversal>),
    /// Pay a withdrawal back into the account.
    ReverseWithdrawal(Box<Reversal>),
}

impl AccountCommand {
    /// Creates an account with nothing but a holder.
    pub fn create(account_id: AccountId, account_holder: AccountHolder) -> Self {
        Self::CreateAccount { account_id, account_holder, opening: None }
    }

    /// Deposits an amount, without memo and booking date.
    pub fn deposit(account_id: AccountId, amount: Money) -> Self {
        Self::DepositMoney { account_id, amount, details: BookingDetails::NONE }
    }

    /// Withdraws an amount, without memo, booking date and PIN.
    pub fn withdrawal(account_id: AccountId, amount: Money) -> Self {
        Self::WithdrawMoney { account_id, amount, details: BookingDetails::NONE, pin: None }
    }

    /// Sets memo and booking date. A command that is no booking from outside has none.
    pub(in crate::bank) fn set_details(&mut self, new: BookingDetails) {
        match self {
            Self::DepositMoney { details, .. } | Self::WithdrawMoney { details, .. } => *details = new,
            Self::ReserveMoney { outgoing, .. } => outgoing.details = new,
            _ => {}
        }
    }

    /// The command's PIN check; `None` if the command needs no PIN.
    pub(in crate::bank) fn pin_check_mut(&mut self) -> Option<&mut Option<Box<PinCheck>>> {
        match self {
            Self::WithdrawMoney { pin, .. } | Self::ReserveMoney { pin, .. } => Some(pin),
            Self::ChangeAccount(wanted) => Some(&mut wanted.pin),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands in a queue are moved often.
    #[test]
    fn rare_commands_do_not_make_the_common_ones_larger() {
        assert!(size_of::<AccountCommand>() <= 40, "{}", size_of::<AccountCommand>());
    }
}
