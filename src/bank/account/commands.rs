//! The commands of accounts.

use super::booking::BookingDetails;
use super::holder::AccountHolder;
use super::id::AccountId;
use super::money::Money;
use crate::bank::account::transfer::{Incoming, Outgoing, ReleaseReason, TransferId};
use crate::bank::pin::PinCheck;

/// Titles of commands that are traced before the command is built.
pub(in crate::bank) const CREATE_ACCOUNT: &str = "Create Account";
pub(in crate::bank) const TRANSFER_MONEY: &str = "Transfer Money";

/// A command to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// Create an account.
    CreateAccount {
        /// The account's name.
        account_id: AccountId,
        /// The holder.
        account_holder: AccountHolder,
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
}

impl AccountCommand {
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
            Self::CreateAccount { .. }
            | Self::UnlockAccount { .. }
            | Self::CreditTransfer(_)
            | Self::SettleTransfer { .. }
            | Self::ReleaseTransfer { .. } => {}
        }
    }

    /// The command's PIN check; `None` if the command needs no PIN.
    pub(in crate::bank) fn pin_check_mut(&mut self) -> Option<&mut Option<Box<PinCheck>>> {
        match self {
            Self::WithdrawMoney { pin, .. } | Self::ReserveMoney { pin, .. } => Some(pin),
            Self::CreateAccount { .. }
            | Self::DepositMoney { .. }
            | Self::UnlockAccount { .. }
            | Self::CreditTransfer(_)
            | Self::SettleTransfer { .. }
            | Self::ReleaseTransfer { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands are moved through queues.
    #[test]
    fn rare_commands_do_not_make_the_common_ones_larger() {
        assert!(size_of::<AccountCommand>() <= 48, "{}", size_of::<AccountCommand>());
    }
}
