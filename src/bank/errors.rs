//! One error enum per operation, so that a caller can act on each.

use thiserror::Error;

use super::account::{Money, Refusal};
use crate::engine::application;
pub use crate::engine::application::{AddHandlerError, BackupError, ExportError, ImportError, QueryError, Unavailable};
use crate::engine::feed::catch_up::NotYet;

/// Why a bank could not be opened.
pub type OpenError = application::StartError;

/// Why a command has no events to show: what every operation's own error is made from.
pub type CommandFailure = application::CommandFailure<Refusal>;

/// Why an account was not created.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CreateError {
    /// There is an account of this name already.
    #[error("the account exists already")]
    AccountExists,
    /// The bank cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why nothing was paid in.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DepositError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The balance would exceed [`Money::MAX`].
    #[error("the balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// The bank cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why a withdrawal was not handled. A declined one was: see [`Withdrawal`](super::Withdrawal).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WithdrawError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account has a PIN, and none was given.
    #[error("the account asks for a PIN")]
    PinRequired,
    /// Too many wrong PINs were given in a row; [`Bank::unlock`](super::Bank::unlock) ends that.
    #[error("the account is locked")]
    AccountLocked,
    /// The bank cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why an account was not unlocked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnlockError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// It is open already.
    #[error("the account is not locked")]
    NotLocked,
    /// The bank cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why a transfer moved no money.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TransferError {
    /// There is no account of the payer's name.
    #[error("there is no such account")]
    NoAccount,
    /// There is no account of the payee's name. What was reserved is released.
    #[error("there is no account to transfer to")]
    NoPayee,
    /// Payer and payee are one.
    #[error("an account cannot transfer money to itself")]
    SameAccount,
    /// There is not enough to transfer; that it was asked for is an event.
    #[error("the account holds {balance} only")]
    Overdrawn {
        /// What the payer's account holds.
        balance: Money,
    },
    /// The payee's balance would exceed [`Money::MAX`]. What was reserved is released.
    #[error("the payee's balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// More transfers of the payer are under way than an account can keep track of.
    #[error("too many transfers of this account are under way")]
    TooManyTransfers,
    /// The account has a PIN, and none was given.
    #[error("the account asks for a PIN")]
    PinRequired,
    /// The PIN was a wrong one; that it was given is an event.
    #[error("the PIN was a wrong one")]
    WrongPin,
    /// Too many wrong PINs were given in a row; [`Bank::unlock`](super::Bank::unlock) ends that.
    #[error("the account is locked")]
    AccountLocked,
    /// The bank cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why a transfer moved no money although it was asked for, and that is stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotTransferred {
    /// There is no account of the payee's name. What was reserved is released.
    #[error("there is no account to transfer to")]
    NoPayee,
    /// There is not enough to transfer.
    #[error("the account holds {balance} only")]
    Overdrawn {
        /// What the payer's account holds.
        balance: Money,
    },
    /// The payee's balance would exceed [`Money::MAX`]. What was reserved is released.
    #[error("the payee's balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// The PIN was a wrong one.
    #[error("the PIN was a wrong one")]
    WrongPin,
}

impl From<NotTransferred> for TransferError {
    fn from(reason: NotTransferred) -> Self {
        match reason {
            NotTransferred::NoPayee => Self::NoPayee,
            NotTransferred::Overdrawn { balance } => Self::Overdrawn { balance },
            NotTransferred::BalanceLimit => Self::BalanceLimit,
            NotTransferred::WrongPin => Self::WrongPin,
        }
    }
}

/// Why there is no balance to tell.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CheckBalanceError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The question is about a position that the log does not have yet.
    #[error("{0}")]
    NotYet(#[from] NotYet),
    /// The bank cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<QueryError> for CheckBalanceError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotYet(not_yet) => Self::NotYet(not_yet),
            QueryError::Unavailable(unavailable) => Self::Unavailable(unavailable),
        }
    }
}

impl From<CommandFailure> for CreateError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::AccountExists) => Self::AccountExists,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for DepositError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::BalanceLimit) => Self::BalanceLimit,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for WithdrawError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::PinRequired) => Self::PinRequired,
            CommandFailure::Refused(Refusal::AccountLocked) => Self::AccountLocked,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for UnlockError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::NotLocked) => Self::NotLocked,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for TransferError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::SameAccount) => Self::SameAccount,
            CommandFailure::Refused(Refusal::TooManyTransfers) => Self::TooManyTransfers,
            CommandFailure::Refused(Refusal::PinRequired) => Self::PinRequired,
            CommandFailure::Refused(Refusal::AccountLocked) => Self::AccountLocked,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

/// A refusal that the command cannot meet is a defect of the account, and an id that was made here is not taken.
fn unexpected(failure: CommandFailure) -> Unavailable {
    match failure {
        CommandFailure::Unavailable(unavailable) => unavailable,
        unexpected @ (CommandFailure::Refused(_) | CommandFailure::IdTaken { .. }) => {
            Unavailable::Defect(unexpected.to_string())
        }
    }
}
