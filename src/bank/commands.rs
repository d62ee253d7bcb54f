//! What an account can be asked to do.

use super::transfer::{Incoming, Outgoing, ReleaseReason, TransferId};
use super::{Account, AccountHolder, AccountId, Money, PinCheck};
use crate::engine::aggregate::Command;

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
    pub(super) fn pin_check_mut(&mut self) -> Option<&mut Option<PinCheck>> {
        match self {
            Self::WithdrawMoney { pin, .. } | Self::ReserveMoney { pin, .. } => Some(pin),
            _ => None,
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
            Self::CreateAccount { .. } => "Create Account",
            Self::DepositMoney { .. } => "Deposit Money",
            Self::WithdrawMoney { .. } => "Withdraw Money",
            Self::UnlockAccount { .. } => "Unlock Account",
            Self::ReserveMoney { .. } => "Transfer Money",
            Self::CreditTransfer(_) => "Credit Transfer",
            Self::SettleTransfer { .. } => "Settle Transfer",
            Self::ReleaseTransfer { .. } => "Release Transfer",
        }
    }
}
