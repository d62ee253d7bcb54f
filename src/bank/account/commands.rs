//! The commands of accounts.

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
    },
    /// Withdraw an amount.
    WithdrawMoney {
        /// The account.
        account_id: AccountId,
        /// The amount.
        amount: Money,
        /// The result of checking the PIN; `None` if no PIN was given.
        pin: Option<PinCheck>,
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
        pin: Option<PinCheck>,
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
    /// The command's PIN check; `None` if the command needs no PIN.
    pub(in crate::bank) fn pin_check_mut(&mut self) -> Option<&mut Option<PinCheck>> {
        match self {
            Self::WithdrawMoney { pin, .. } | Self::ReserveMoney { pin, .. } => Some(pin),
            _ => None,
        }
    }
}
