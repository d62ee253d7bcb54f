//! What an account can be asked to do.

use super::holder::AccountHolder;
use super::id::AccountId;
use super::money::Money;
use crate::bank::account::transfer::{Incoming, Outgoing, ReleaseReason, TransferId};
use crate::bank::pin::PinCheck;

/// What the trace calls a command that is not made before it is sent.
pub(in crate::bank) const CREATE_ACCOUNT: &str = "Create Account";
pub(in crate::bank) const TRANSFER_MONEY: &str = "Transfer Money";

/// A request to an account, in the imperative. It can be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// Open an account.
    CreateAccount {
        /// Its name.
        account_id: AccountId,
        /// Whose it is.
        account_holder: AccountHolder,
    },
    /// Pay in.
    DepositMoney {
        /// The account.
        account_id: AccountId,
        /// How much.
        amount: Money,
    },
    /// Pay out.
    WithdrawMoney {
        /// The account.
        account_id: AccountId,
        /// How much.
        amount: Money,
        /// What came of checking the PIN that was given; `None` where none was.
        pin: Option<PinCheck>,
    },
    /// Forget the wrong PINs of a locked account.
    UnlockAccount {
        /// The account.
        account_id: AccountId,
    },
    /// Begin a transfer: set the amount aside at the payer.
    ReserveMoney {
        /// What is set aside, and for whom.
        outgoing: Box<Outgoing>,
        /// What came of checking the PIN that was given; `None` where none was.
        pin: Option<PinCheck>,
    },
    /// Give the payee the amount of a transfer.
    CreditTransfer(Box<Incoming>),
    /// End a transfer whose payee has the money.
    SettleTransfer {
        /// The payer.
        account_id: AccountId,
        /// The transfer.
        transfer_id: TransferId,
    },
    /// End a transfer whose payee cannot take the money: the payer gets it back.
    ReleaseTransfer {
        /// The payer.
        account_id: AccountId,
        /// The transfer.
        transfer_id: TransferId,
        /// Why.
        reason: ReleaseReason,
    },
}

impl AccountCommand {
    /// Where the command carries what came of checking a PIN; `None` if it needs no PIN.
    pub(in crate::bank) fn pin_check_mut(&mut self) -> Option<&mut Option<PinCheck>> {
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
