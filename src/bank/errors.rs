//! The errors of each operation, one enum each.

use thiserror::Error;

use super::account::{Balance, InvalidName, Money, Refusal};
use super::not_transferred::NotTransferred;
use crate::engine::application;
pub use crate::engine::application::{AddHandlerError, BackupError, ExportError, ImportError, QueryError, Unavailable};
use crate::engine::feed::catch_up::NotYet;

/// Why a bank could not be opened.
pub type OpenError = application::StartError;

/// Why a command led to no events. Every operation converts this into its own error.
pub type CommandFailure = application::CommandFailure<Refusal>;

/// Why a currency was not chosen.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChooseCurrencyError {
    /// The bank has events already, which a currency would precede.
    #[error("only an empty bank can choose a currency")]
    NotEmpty,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why an account was not created.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CreateError {
    /// An account of this name already exists.
    #[error("the account already exists")]
    AccountExists,
    /// No new account may have this name.
    #[error("{0}")]
    InvalidName(InvalidName),
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The bank is unavailable.
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
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why a withdrawal was refused. A declined withdrawal is not an error: see [`Withdrawal`](super::Withdrawal).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WithdrawError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account is frozen: nothing goes out.
    #[error("the account is frozen")]
    AccountFrozen,
    /// The account has a PIN, but none was given.
    #[error("the account requires a PIN")]
    PinRequired,
    /// Too many wrong PINs in a row have locked the account; [`Bank::unlock`](super::Bank::unlock) unlocks it.
    #[error("the account is locked")]
    AccountLocked,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why an account was not unlocked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnlockError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The account is not locked.
    #[error("the account is not locked")]
    NotLocked,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why a transfer moved no money.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TransferError {
    /// There is no account of the payer's name.
    #[error("there is no such account")]
    NoAccount,
    /// There is no account of the payee's name. The reserved amount is released.
    #[error("there is no account to transfer to")]
    NoPayee,
    /// Payer and payee are the same account.
    #[error("an account cannot transfer money to itself")]
    SameAccount,
    /// The payer's balance is too low. The declined attempt is stored as an event.
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
    /// The payer has reached the limit of concurrent transfers.
    #[error("too many transfers of this account are under way")]
    TooManyTransfers,
    /// The account is frozen: nothing goes out.
    #[error("the account is frozen")]
    AccountFrozen,
    /// The account has a PIN, but none was given.
    #[error("the account requires a PIN")]
    PinRequired,
    /// The PIN was wrong. The declined attempt is stored as an event.
    #[error("the PIN was wrong")]
    WrongPin,
    /// Too many wrong PINs in a row have locked the account; [`Bank::unlock`](super::Bank::unlock) unlocks it.
    #[error("the account is locked")]
    AccountLocked,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why nothing was reversed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReverseError {
    /// The log has no event at the position.
    #[error("there is no such event")]
    NoEvent,
    /// The event moved no money, or its transfer was released.
    #[error("there is nothing to reverse")]
    NothingToReverse,
    /// The event is of a reversal.
    #[error("a reversal cannot be reversed")]
    IsReversal,
    /// The booking was reversed before.
    #[error("the booking is already reversed")]
    AlreadyReversed,
    /// The transfer has not ended.
    #[error("the transfer is under way")]
    TransferUnderWay,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The account is frozen, and money would go out.
    #[error("the account is frozen")]
    AccountFrozen,
    /// Balance and overdraft limit are less than is to be taken out. Nothing is stored.
    #[error("the account holds too little to reverse the booking")]
    Overdrawn,
    /// A balance would exceed [`Money::MAX`].
    #[error("the balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// The transfer back was [given up](crate::engine::application::Application::skip_parked) on its way.
    #[error("the transfer was given up, and the money is back")]
    GivenUp,
    /// The account that paid the transfer is no more.
    #[error("there is no account to transfer to")]
    NoPayee,
    /// The account has reached the limit of concurrent transfers.
    #[error("too many transfers of this account are under way")]
    TooManyTransfers,
    /// The bank is unavailable.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<NotTransferred> for TransferError {
    fn from(reason: NotTransferred) -> Self {
        match reason {
            NotTransferred::NoPayee => Self::NoPayee,
            NotTransferred::Overdrawn { balance } => Self::Overdrawn { balance },
            NotTransferred::BalanceLimit => Self::BalanceLimit,
            NotTransferred::GivenUp => Self::GivenUp,
            NotTransferred::WrongPin => Self::WrongPin,
        }
    }
}

/// Why a balance could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CheckBalanceError {
    /// A statement is to end before the line of an event, and the account has no event at that position.
    #[error("the account has no event at this position")]
    NoLine,
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The log has not reached the requested position yet.
    #[error("{0}")]
    NotYet(#[from] NotYet),
    /// The bank is unavailable.
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
            CommandFailure::Refused(Refusal::InvalidName(invalid)) => Self::InvalidName(invalid),
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for DepositError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::BalanceLimit) => Self::BalanceLimit,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for WithdrawError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::AccountFrozen) => Self::AccountFrozen,
            CommandFailure::Refused(Refusal::PinRequired) => Self::PinRequired,
            CommandFailure::Refused(Refusal::AccountLocked) => Self::AccountLocked,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for UnlockError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::NotLocked) => Self::NotLocked,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
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
            CommandFailure::Refused(Refusal::AccountFrozen) => Self::AccountFrozen,
            CommandFailure::Refused(Refusal::PinRequired) => Self::PinRequired,
            CommandFailure::Refused(Refusal::AccountLocked) => Self::AccountLocked,
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<CommandFailure> for ReverseError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::AccountClosed) => Self::AccountClosed,
            CommandFailure::Refused(Refusal::AccountFrozen) => Self::AccountFrozen,
            CommandFailure::Refused(Refusal::AlreadyReversed) => Self::AlreadyReversed,
            CommandFailure::Refused(Refusal::Overdrawn) => Self::Overdrawn,
            CommandFailure::Refused(Refusal::BalanceLimit) => Self::BalanceLimit,
            CommandFailure::Refused(Refusal::TooManyTransfers) => Self::TooManyTransfers,
            other => Self::Unavailable(unexpected(other)),
        }
    }
}

impl From<NotTransferred> for ReverseError {
    fn from(reason: NotTransferred) -> Self {
        match reason {
            NotTransferred::NoPayee => Self::NoPayee,
            NotTransferred::BalanceLimit => Self::BalanceLimit,
            NotTransferred::GivenUp => Self::GivenUp,
            // A transfer back is neither declined nor needs a PIN.
            NotTransferred::Overdrawn { .. } | NotTransferred::WrongPin => Self::Overdrawn,
        }
    }
}

/// Refusals that this command can never meet are defects of the account; a fresh id is never taken.
pub(super) fn unexpected(failure: CommandFailure) -> Unavailable {
    match failure {
        CommandFailure::Unavailable(unavailable) => unavailable,
        unexpected @ (CommandFailure::Refused(_) | CommandFailure::IdTaken { .. }) => {
            Unavailable::Defect(unexpected.to_string())
        }
    }
}
