//! What an account can be asked to do.

use super::{AccountId, Money};
use crate::engine::aggregate::Command;

/// A request to an account, in the imperative. It can be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// Open an account.
    CreateAccount {
        /// Its name.
        account_id: AccountId,
        /// Whose it is.
        account_holder: String,
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
    },
}

impl Command for AccountCommand {
    type Id = AccountId;

    fn target(&self) -> &AccountId {
        match self {
            Self::CreateAccount { account_id, .. }
            | Self::DepositMoney { account_id, .. }
            | Self::WithdrawMoney { account_id, .. } => account_id,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::CreateAccount { .. } => "Create Account",
            Self::DepositMoney { .. } => "Deposit Money",
            Self::WithdrawMoney { .. } => "Withdraw Money",
        }
    }
}
