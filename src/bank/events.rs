//! What can happen to an account.

use serde::Serialize;

use super::transfer::{Incoming, Outgoing, Released, TransferId};
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
    /// Money was set aside for a transfer.
    MoneyReserved(Box<Outgoing>),
    /// Money came in by a transfer.
    TransferCredited(Box<Incoming>),
    /// A transfer has ended; what was set aside for it is gone for good.
    TransferSettled(Box<Outgoing>),
    /// A transfer has come to nothing; what was set aside for it is back.
    TransferReleased(Box<Released>),
}

/// What an event does to its account's balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// This much comes in.
    In(Money),
    /// This much goes out.
    Out(Money),
}

impl Movement {
    /// The balance after it, unless that would leave the range.
    pub fn applied_to(self, balance: Money) -> Option<Money> {
        match self {
            Self::In(amount) => balance.checked_add(amount),
            Self::Out(amount) => balance.checked_sub(amount),
        }
    }
}

impl AccountEvent {
    /// What it does to its account's balance; nothing, mostly.
    pub fn movement(&self) -> Option<Movement> {
        match self {
            Self::MoneyDeposited { amount, .. } => Some(Movement::In(*amount)),
            Self::MoneyWithdrawn { amount, .. } => Some(Movement::Out(*amount)),
            Self::MoneyReserved(outgoing) => Some(Movement::Out(outgoing.amount)),
            Self::TransferCredited(incoming) => Some(Movement::In(incoming.amount)),
            Self::TransferReleased(released) => Some(Movement::In(released.outgoing.amount)),
            Self::AccountCreated { .. }
            | Self::AccountOverdrawn { .. }
            | Self::InvalidPin { .. }
            | Self::AccountUnlocked { .. }
            | Self::TransferSettled(_) => None,
        }
    }

    /// The title of the command whose decision it is.
    pub fn command_title(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "Create Account",
            Self::MoneyDeposited { .. } => "Deposit Money",
            Self::MoneyWithdrawn { .. } => "Withdraw Money",
            // A transfer is declined as a withdrawal is.
            Self::AccountOverdrawn { .. } | Self::InvalidPin { .. } => "Withdraw or Transfer Money",
            Self::AccountUnlocked { .. } => "Unlock Account",
            Self::MoneyReserved(_) => "Transfer Money",
            Self::TransferCredited(_) => "Credit Transfer",
            Self::TransferSettled(_) => "Settle Transfer",
            Self::TransferReleased(_) => "Release Transfer",
        }
    }

    /// The transfer it belongs to, if it is a step of one.
    pub fn transfer_id(&self) -> Option<TransferId> {
        match self {
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => Some(outgoing.transfer_id),
            Self::TransferCredited(incoming) => Some(incoming.transfer_id),
            Self::TransferReleased(released) => Some(released.outgoing.transfer_id),
            _ => None,
        }
    }

    /// Whether a transfer has ended with it.
    pub fn ends(&self, transfer_id: TransferId) -> bool {
        matches!(self, Self::TransferSettled(_) | Self::TransferReleased(_)) && self.transfer_id() == Some(transfer_id)
    }

    /// The amount it speaks of, moved or not.
    pub fn amount(&self) -> Option<Money> {
        match self {
            Self::MoneyDeposited { amount, .. } | Self::MoneyWithdrawn { amount, .. } => Some(*amount),
            Self::AccountOverdrawn { amount_requested, .. } | Self::InvalidPin { amount_requested, .. } => {
                Some(*amount_requested)
            }
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => Some(outgoing.amount),
            Self::TransferCredited(incoming) => Some(incoming.amount),
            Self::TransferReleased(released) => Some(released.outgoing.amount),
            Self::AccountCreated { .. } | Self::AccountUnlocked { .. } => None,
        }
    }

    /// The account it happened to.
    pub fn account_id(&self) -> &AccountId {
        match self {
            Self::AccountCreated { account_id, .. }
            | Self::MoneyDeposited { account_id, .. }
            | Self::MoneyWithdrawn { account_id, .. }
            | Self::AccountOverdrawn { account_id, .. }
            | Self::InvalidPin { account_id, .. }
            | Self::AccountUnlocked { account_id } => account_id,
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => &outgoing.account_id,
            Self::TransferCredited(incoming) => &incoming.account_id,
            Self::TransferReleased(released) => &released.outgoing.account_id,
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
            Self::MoneyReserved(_) => "money_reserved_for_transfer",
            Self::TransferCredited(_) => "transfer_credited",
            Self::TransferSettled(_) => "transfer_settled",
            Self::TransferReleased(_) => "transfer_released",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "Account Created",
            Self::MoneyDeposited { .. } => "Money Deposited",
            Self::MoneyWithdrawn { .. } => "Money Withdrawn",
            Self::AccountOverdrawn { .. } | Self::InvalidPin { .. } => "Payment Declined",
            Self::AccountUnlocked { .. } => "Account Unlocked",
            Self::MoneyReserved(_) => "Money Reserved",
            Self::TransferCredited(_) => "Transfer Credited",
            Self::TransferSettled(_) => "Transfer Settled",
            Self::TransferReleased(_) => "Transfer Released",
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
