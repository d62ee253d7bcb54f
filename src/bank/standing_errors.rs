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
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<CommandFailure> for FreezeError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::AlreadyFrozen) => Self::AlreadyFrozen,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for UnfreezeError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::NotFrozen) => Self::NotFrozen,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}
