//! What can happen to an account.

use serde::Serialize;

use super::{AccountHolder, AccountId, Money};
use crate::engine::event::DomainEvent;

/// A fact about an account, in the past tense.
///
/// The stored type names are those of the cqrs-bank kata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AccountEvent {
    /// The account was opened.
    AccountCreated {
        /// Its name.
        account_id: AccountId,
        /// Whose it is.
        #[serde(flatten)]
        account_holder: AccountHolder,
    },
    /// Money came in.
    MoneyDeposited {
        /// The account.
        account_id: AccountId,
        /// How much.
        amount: Money,
    },
    /// Money went out.
    MoneyWithdrawn {
        /// The account.
        account_id: AccountId,
        /// How much.
        amount: Money,
    },
    /// More was asked for than there was. Nothing was paid.
    AccountOverdrawn {
        /// The account.
        account_id: AccountId,
        /// What there was, and still is.
        balance: Money,
        /// What was asked for.
        amount_requested: Money,
    },
    /// Money was asked for with a wrong PIN. Nothing was paid.
    InvalidPin {
        /// The account.
        account_id: AccountId,
        /// What was asked for.
        amount_requested: Money,
    },
    /// The wrong PINs that had locked the account are forgotten.
    AccountUnlocked {
        /// The account.
        account_id: AccountId,
    },
}

impl AccountEvent {
    /// The account it happened to.
    pub fn account_id(&self) -> &AccountId {
        match self {
            Self::AccountCreated { account_id, .. }
            | Self::MoneyDeposited { account_id, .. }
            | Self::MoneyWithdrawn { account_id, .. }
            | Self::AccountOverdrawn { account_id, .. }
            | Self::InvalidPin { account_id, .. }
            | Self::AccountUnlocked { account_id } => account_id,
        }
    }
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "bank_account_created",
            Self::MoneyDeposited { .. } => "money_deposited_into_bank_account",
            Self::MoneyWithdrawn { .. } => "money_withdrawn_from_bank_account",
            Self::AccountOverdrawn { .. } => "account_overdrawn",
            Self::InvalidPin { .. } => "invalid_pin",
            Self::AccountUnlocked { .. } => "account_unlocked",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "Account Created",
            Self::MoneyDeposited { .. } => "Money Deposited",
            Self::MoneyWithdrawn { .. } => "Money Withdrawn",
            Self::AccountOverdrawn { .. } | Self::InvalidPin { .. } => "Payment Declined",
            Self::AccountUnlocked { .. } => "Account Unlocked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The memory of a long log is mostly events, and mostly deposits and withdrawals.
    #[test]
    fn an_event_stays_as_small_as_what_moves_money() {
        assert!(size_of::<AccountEvent>() <= 40, "{}", size_of::<AccountEvent>());
    }
}
