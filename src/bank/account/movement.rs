//! What an event changes about a balance.

use super::balance::Balance;
use super::events::AccountEvent;
use super::money::Money;

/// The change of a balance by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// An increase by this amount.
    In(Money),
    /// A decrease by this amount.
    Out(Money),
}

impl Movement {
    /// The change in minor units, negative for a decrease.
    pub fn minor_units(self) -> i64 {
        match self {
            Self::In(amount) => Balance::from(amount).minor_units(),
            Self::Out(amount) => Balance::ZERO.difference(amount),
        }
    }

    /// The balance after the movement; `None` if it would be out of range.
    pub fn applied_to(self, balance: Balance) -> Option<Balance> {
        match self {
            Self::In(amount) => balance.checked_add(amount),
            Self::Out(amount) => balance.checked_sub(amount),
        }
    }
}

impl AccountEvent {
    /// The change of the account's balance, if any.
    pub fn movement(&self) -> Option<Movement> {
        match self {
            Self::MoneyDeposited { amount, .. } => Some(Movement::In(*amount)),
            Self::MoneyWithdrawn { amount, .. } => Some(Movement::Out(*amount)),
            Self::MoneyReserved(outgoing) => Some(Movement::Out(outgoing.amount)),
            Self::TransferCredited(incoming) => Some(Movement::In(incoming.amount)),
            Self::TransferReleased(released) => Some(Movement::In(released.outgoing.amount)),
            Self::DepositReversed(reversal) => Some(Movement::Out(reversal.amount)),
            Self::WithdrawalReversed(reversal) => Some(Movement::In(reversal.amount)),
            Self::AccountCreated { .. }
            | Self::AccountOverdrawn { .. }
            | Self::InvalidPin { .. }
            | Self::AccountUnlocked { .. }
            | Self::AccountFrozen { .. }
            | Self::AccountUnfrozen { .. }
            | Self::OverdraftLimitSet { .. }
            | Self::HolderChanged { .. }
            | Self::EmailChanged { .. }
            | Self::PinChanged { .. }
            | Self::AccountClosed { .. }
            | Self::PinRejected { .. }
            | Self::TransferSettled(_)
            | Self::CurrencyChosen(_) => None,
        }
    }
}
