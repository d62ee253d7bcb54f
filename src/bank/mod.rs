//! The bank: accounts, the commands they take, the events that happen to them, and the balances they add up to.
//!
//! [`Bank`] is the handle that programs use. Behind it, [`Account`] decides on an [`AccountCommand`], the
//! [`AccountEvent`]s go into the event store, and [`Balances`], [`Accounts`] and [`TotalDeposits`] answer what there is.
//! A [`Pin`] stays outside all of this: what is kept is a [`PinVerifier`], what an account gets to see a [`PinCheck`].

mod account;
mod audit;
mod ceo_bonus;
mod email;
mod errors;
mod handle;
mod open;
mod operations;
mod options;
mod pin;
mod queries;
mod transfer;

pub use self::account::{
    Account, AccountCommand, AccountEntry, AccountEvent, AccountHolder, AccountId, Accounts, Balances, EmailAddress,
    HolderName, Incoming, InvalidAmount, InvalidEmail, InvalidName, MAX_WRONG_PINS, Money, Movement, Outgoing,
    Recipient, Refusal, ReleaseReason, Released, TotalDeposits, TransferId,
};
pub use self::ceo_bonus::{CeoBonus, PaidBonuses};
pub use self::email::{AddressBook, EmailTarget, InvalidEmailTarget, ThankYouEmail};
pub use self::errors::{
    AddHandlerError, BackupError, CheckBalanceError, CommandFailure, CreateError, DepositError, ExportError,
    ImportError, NotTransferred, OpenError, QueryError, TransferError, Unavailable, UnlockError, WithdrawError,
};
pub use self::handle::Bank;
pub use self::operations::{
    NewAccount, Operation, PendingCommand, PendingOperation, Receipt, TransferOutcome, Withdrawal,
};
pub use self::options::Options;
pub use self::pin::{
    InvalidVerifier, MalformedPin, PIN_SECRET, Pin, PinCheck, PinCost, PinOptions, PinSecret, PinSecretError,
    PinSecretSource, PinVerifier, ShortSecret, WRONG_PIN_SECRET,
};
pub use self::queries::{Reason, StatementLine};
pub use self::transfer::{Ending, Step, TransferProcess, TransferRecord, TransferState, Transfers};

/// What causes a command of a bank.
pub type Cause = crate::engine::application::Cause<AccountEvent>;

/// Follows a bank.
pub type Watch = crate::engine::application::watch::Watch<AccountEvent>;

pub use crate::engine::application::ImportStep;
pub use crate::engine::application::handlers::{HandlerReport, MAX_PARKED};

pub use crate::engine::log::Moment;
pub use crate::engine::store::log_head::{InvalidLogHead, LogHead};
pub use crate::engine::store::{BackupStep, StoreUrl, Verification, Verified};
