//! One error enum per operation, so that a caller can act on each.

use std::path::PathBuf;

use thiserror::Error;
use uuid::Uuid;

use super::{Money, PinSecretError, Refusal};
use crate::engine::catch_up::{NotCaughtUp, NotYet};
use crate::engine::event::Position;
use crate::engine::store::sqlite::{self, OpenStoreError};
use crate::engine::store::{StoreError, UnsupportedUrl};
use crate::engine::supervisor::StopReason;

/// The bank cannot serve, whatever is asked of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unavailable {
    /// [`Bank::close`](super::Bank::close) was called.
    #[error("the bank is closed")]
    Closed,
    /// It stopped because it could not go on.
    #[error("the bank has stopped: {0}")]
    Stopped(StopReason),
    /// The store could not do it, or does not know whether it has.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The command was about to be stored, and nobody knows whether it was. If so, there are events with this command
    /// id, once the bank is open again.
    #[error(
        "the outcome is unknown: {reason}; if the command was carried out, there are events of command {command_id}"
    )]
    OutcomeUnknown {
        /// The command's id.
        command_id: Uuid,
        /// What stands in the way of an answer.
        reason: String,
    },
    /// Other writers were quicker each time. The command changed nothing and may be sent again.
    #[error("too many others change this account at once")]
    Busy,
    /// A defect in the account's own code. The command changed nothing.
    #[error("the command could not be decided: {0}")]
    Defect(String),
    /// PINs can be neither kept nor checked.
    #[error(transparent)]
    PinSecret(#[from] PinSecretError),
    /// Read models have not seen everything yet that was acknowledged before they were asked. They may be asked again.
    #[error("{} has not come to position {end} yet", lagging.join(", "))]
    Behind {
        /// Where they should be.
        end: Position,
        /// Their names.
        lagging: Vec<&'static str>,
    },
}

/// Why a command has no events to show: what every operation's own error is made from.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandFailure {
    /// The account said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The bank cannot serve.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a handler of one's own was not added, or a projection.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AddHandlerError {
    /// The bank has a handler of this name: its progress is stored under it.
    #[error("there is a handler {name:?} already")]
    NameTaken {
        /// The name.
        name: &'static str,
    },
    /// A projection panicked on what has happened, time and again. The bank goes on without it.
    #[error("the projection panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The bank cannot serve.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a bank could not be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// The store's URL is of no known kind.
    #[error(transparent)]
    UnsupportedStore(#[from] UnsupportedUrl),
    /// The file cannot be opened as it is. Nothing in it was changed.
    #[error(transparent)]
    File(#[from] OpenStoreError),
    /// An import into this store has begun and not ended. Options that accept a loss open it as it is.
    #[error(
        "{store}: an import into this bank was not finished; import into a new one, or open it as it is with \
         `accept_loss: true`"
    )]
    HalfImported {
        /// The store.
        store: String,
    },
    /// The store is open, but does not say what is in it.
    #[error(transparent)]
    Unreadable(#[from] StoreError),
}

/// Why an account was not created.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CreateError {
    /// There is an account of this name already.
    #[error("the account exists already")]
    AccountExists,
    /// The bank cannot serve.
    #[error(transparent)]
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
    #[error(transparent)]
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
    #[error(transparent)]
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
    #[error(transparent)]
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
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a log was not written to a file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExportError {
    /// There is a file of this name, and it stays as it is.
    #[error("{}: there is such a file already", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// Its name would be that of a file beside the one of a bank.
    #[error("{}: a name that ends in `{ending}` is that of a file beside another one; choose another name", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// How its name ends.
        ending: &'static str,
    },
    /// The file cannot be written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The bank cannot serve.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why there is no backup.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BackupError {
    /// The file cannot be made. Nothing is left of it.
    #[error(transparent)]
    File(#[from] sqlite::BackupError),
    /// The bank cannot serve.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why the events of a file were not stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ImportError {
    /// There are events in the bank already.
    #[error("events are imported into an empty bank only, and this one has {events}")]
    NotEmpty {
        /// How many.
        events: u64,
    },
    /// Another process may run the handlers of this bank, and would take the events for new ones.
    #[error("another process has this bank open, and would take the events for new ones")]
    OpenElsewhere,
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file does not hold the log of a bank. Nothing was stored.
    #[error("{}:{line}: {problem}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The first line where that shows, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// It has ended midway. Opened again, the bank is refused for that.
    #[error("{}: after {imported} of {events} events: {reason}", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
        /// How many events of it are stored.
        imported: u64,
        /// How many there are in it.
        events: u64,
        /// What stood in the way.
        reason: String,
    },
    /// The bank cannot serve. Nothing was stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a question has no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    /// It is about a position that the log does not have yet.
    #[error(transparent)]
    NotYet(#[from] NotYet),
    /// The bank cannot serve.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why there is no balance to tell.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CheckBalanceError {
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The question is about a position that the log does not have yet.
    #[error(transparent)]
    NotYet(#[from] NotYet),
    /// The bank cannot serve.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<NotCaughtUp> for QueryError {
    fn from(reason: NotCaughtUp) -> Self {
        match reason {
            NotCaughtUp::NotYet(not_yet) => Self::NotYet(not_yet),
            NotCaughtUp::Behind { end, lagging } => Self::Unavailable(Unavailable::Behind { end, lagging }),
            NotCaughtUp::Store(failed) => Self::Unavailable(failed.into()),
        }
    }
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
            other => Self::Unavailable(other.unexpected()),
        }
    }
}

impl From<CommandFailure> for DepositError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::BalanceLimit) => Self::BalanceLimit,
            other => Self::Unavailable(other.unexpected()),
        }
    }
}

impl From<CommandFailure> for WithdrawError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::PinRequired) => Self::PinRequired,
            CommandFailure::Refused(Refusal::AccountLocked) => Self::AccountLocked,
            other => Self::Unavailable(other.unexpected()),
        }
    }
}

impl From<CommandFailure> for UnlockError {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(Refusal::NoAccount) => Self::NoAccount,
            CommandFailure::Refused(Refusal::NotLocked) => Self::NotLocked,
            other => Self::Unavailable(other.unexpected()),
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
            other => Self::Unavailable(other.unexpected()),
        }
    }
}

impl CommandFailure {
    /// A refusal that the command cannot meet is a defect of the account.
    fn unexpected(self) -> Unavailable {
        match self {
            Self::Refused(refusal) => Unavailable::Defect(refusal.to_string()),
            Self::Unavailable(unavailable) => unavailable,
        }
    }
}
