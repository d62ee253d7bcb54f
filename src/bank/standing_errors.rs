//! The errors of the operations that change an account's standing, one enum each.

use thiserror::Error;

use super::account::Refusal;
use super::errors::{CommandFailure, Unavailable, unexpected};

/// Why an account was not frozen.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FreezeError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account is frozen already.
    #[error("the account is frozen already")]
    AlreadyFrozen,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why the freezing of an account did not end.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnfreezeError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account is not frozen.
    #[error("the account is not frozen")]
    NotFrozen,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<CommandFailure> for FreezeError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::AlreadyFrozen) => Self::AlreadyFrozen,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for UnfreezeError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::NotFrozen) => Self::NotFrozen,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

/// Why an account was not closed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CloseAccountError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account is closed already.
    #[error("the account is closed")]
    AccountClosed,
    /// The account is frozen.
    #[error("the account is frozen")]
    AccountFrozen,
    /// Too many wrong PINs in a row have locked the account; [`Bank::unlock`](super::Bank::unlock) unlocks it.
    #[error("the account is locked")]
    AccountLocked,
    /// The account has a PIN, but none was given.
    #[error("the account requires a PIN")]
    PinRequired,
    /// The PIN was wrong. The declined attempt is stored as an event.
    #[error("the PIN was wrong")]
    WrongPin,
    /// The account holds money.
    #[error("the account's balance is not zero")]
    BalanceNotZero,
    /// A transfer from the account is under way.
    #[error("a transfer of this account is under way")]
    TransferUnderWay,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<CommandFailure> for CloseAccountError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            CommandFailure::Refused(Refusal::AccountFrozen) => Self::AccountFrozen,
            CommandFailure::Refused(Refusal::AccountLocked) => Self::AccountLocked,
            CommandFailure::Refused(Refusal::PinRequired) => Self::PinRequired,
            CommandFailure::Refused(Refusal::BalanceNotZero) => Self::BalanceNotZero,
            CommandFailure::Refused(Refusal::TransferUnderWay) => Self::TransferUnderWay,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

/// Why the holder or the e-mail address of an account was not changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChangeAccountError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// Too many wrong PINs in a row have locked the account; [`Bank::unlock`](super::Bank::unlock) unlocks it.
    #[error("the account is locked")]
    AccountLocked,
    /// The account has a PIN, but none was given.
    #[error("the account requires a PIN")]
    PinRequired,
    /// The PIN was wrong. The declined attempt is stored as an event.
    #[error("the PIN was wrong")]
    WrongPin,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<CommandFailure> for ChangeAccountError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            CommandFailure::Refused(Refusal::AccountLocked) => Self::AccountLocked,
            CommandFailure::Refused(Refusal::PinRequired) => Self::PinRequired,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

/// Why the PIN of an account was not changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChangePinError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// Too many wrong PINs in a row have locked the account; [`Bank::unlock`](super::Bank::unlock) unlocks it.
    #[error("the account is locked")]
    AccountLocked,
    /// The account has a PIN, but none was given.
    #[error("the account requires a PIN")]
    PinRequired,
    /// The PIN was wrong. The declined attempt is stored as an event.
    #[error("the PIN was wrong")]
    WrongPin,
    /// The account has no PIN.
    #[error("the account has no PIN")]
    NoPin,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<CommandFailure> for ChangePinError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            CommandFailure::Refused(Refusal::AccountLocked) => Self::AccountLocked,
            CommandFailure::Refused(Refusal::PinRequired) => Self::PinRequired,
            CommandFailure::Refused(Refusal::NoPin) => Self::NoPin,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

/// Why an overdraft limit was not set.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OverdraftLimitError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// More than the new limit is used.
    #[error("more than this overdraft limit is used")]
    OverdraftInUse,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<CommandFailure> for OverdraftLimitError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            CommandFailure::Refused(Refusal::OverdraftInUse) => Self::OverdraftInUse,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}
