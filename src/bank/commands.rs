//! What an account can be asked to do.

use super::{AccountHolder, AccountId, Money, PinCheck};
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
}

impl AccountCommand {
    /// Where the command carries what came of checking a PIN; `None` if it needs no PIN.
    pub(super) fn pin_check_mut(&mut self) -> Option<&mut Option<PinCheck>> {
        match self {
            Self::WithdrawMoney { pin, .. } => Some(pin),
            Self::CreateAccount { .. } | Self::DepositMoney { .. } | Self::UnlockAccount { .. } => None,
        }
    }
}

impl Command for AccountCommand {
    type Id = AccountId;

    fn target(&self) -> &AccountId {
        match self {
            Self::CreateAccount { account_id, .. }
            | Self::DepositMoney { account_id, .. }
            | Self::WithdrawMoney { account_id, .. }
            | Self::UnlockAccount { account_id } => account_id,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::CreateAccount { .. } => "Create Account",
            Self::DepositMoney { .. } => "Deposit Money",
            Self::WithdrawMoney { .. } => "Withdraw Money",
            Self::UnlockAccount { .. } => "Unlock Account",
        }
    }
}
