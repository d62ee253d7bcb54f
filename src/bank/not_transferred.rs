//! Why a transfer moves no money.

use thiserror::Error;

use super::account::{Balance, Money, ReleaseReason};

/// Why a stored transfer moved no money.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotTransferred {
    /// There is no account of the payee's name. The reserved amount is released.
    #[error("there is no account to transfer to")]
    NoPayee,
    /// The payer's balance is too low.
    #[error("the account holds only {balance}")]
    Overdrawn {
        /// The payer's balance.
        balance: Balance,
    },
    /// The payee's balance would exceed [`Money::MAX`]. The reserved amount is released.
    #[error("the payee's balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// The transfer was [given up](crate::engine::application::Application::skip_parked) on its way. The reserved amount is
    /// released.
    #[error("the transfer was given up, and the money is back")]
    GivenUp,
    /// The PIN was wrong.
    #[error("the PIN was wrong")]
    WrongPin,
}

impl From<ReleaseReason> for NotTransferred {
    fn from(reason: ReleaseReason) -> Self {
        match reason {
            ReleaseReason::NoPayee => Self::NoPayee,
            ReleaseReason::BalanceLimit => Self::BalanceLimit,
            ReleaseReason::GivenUp => Self::GivenUp,
        }
    }
}
