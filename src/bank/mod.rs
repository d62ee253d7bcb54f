//! The bank: accounts, the commands they take, the events that happen to them, and the balances they add up to.
//!
//! [`Bank`] is the handle that programs use. Behind it, [`Account`] decides on an [`AccountCommand`], the
//! [`AccountEvent`]s go into the event store, and [`Balances`], [`Accounts`] and [`TotalDeposits`] answer what there is.
//! A [`Pin`] stays outside all of this: what is kept is a [`PinVerifier`], what an account gets to see a [`PinCheck`].

mod account;
mod account_id;
mod account_snapshot;
mod accounts;
mod audit;
mod balances;
mod ceo_bonus;
mod commands;
mod email;
mod email_address;
mod errors;
mod events;
mod handle;
mod history;
mod holder;
mod money;
mod open;
mod operation;
mod operations;
mod options;
mod pin;
mod pin_checker;
mod pin_commands;
mod pin_lock;
mod pin_secret;
mod queries;
mod receipt;
mod total_deposits;
mod transfer;
mod why;

pub use account::{Account, Refusal};
pub use account_id::{AccountId, InvalidName};
pub use accounts::{AccountEntry, Accounts};
pub use balances::Balances;
pub use ceo_bonus::{CeoBonus, PaidBonuses};
pub use commands::AccountCommand;
pub use email::{AddressBook, EmailTarget, InvalidEmailTarget, Recipient, ThankYouEmail};
pub use email_address::{EmailAddress, InvalidEmail};
pub use errors::{
    AddHandlerError, BackupError, CheckBalanceError, CommandFailure, CreateError, DepositError, ExportError,
    ImportError, NotTransferred, OpenError, PIN_SECRET, QueryError, TransferError, Unavailable, UnlockError,
    WithdrawError,
};
pub use events::{AccountEvent, Movement};
pub use handle::Bank;
pub use history::StatementLine;
pub use holder::{AccountHolder, HolderName};
pub use money::{InvalidAmount, Money};
pub use operation::{Operation, PendingOperation};
pub use operations::NewAccount;
pub use options::{Options, PinCost, PinOptions};
pub use pin::{InvalidVerifier, MalformedPin, Pin, PinCheck, PinVerifier};
pub use pin_lock::MAX_WRONG_PINS;
pub use pin_secret::{PinSecret, PinSecretError, PinSecretSource, ShortSecret};
pub use receipt::{PendingCommand, Receipt, Withdrawal};
pub use total_deposits::TotalDeposits;
pub use transfer::{
    Ending, Incoming, Outgoing, ReleaseReason, Released, Step, TransferId, TransferOutcome, TransferProcess,
    TransferRecord, TransferState, Transfers,
};

/// What causes a command of a bank.
pub type Cause = crate::engine::application::Cause<AccountEvent>;

/// Follows a bank.
pub type Watch = crate::engine::application::watch::Watch<AccountEvent>;

pub use crate::engine::application::ImportStep;
pub use crate::engine::application::handlers::{HandlerReport, MAX_PARKED};
pub use why::Reason;

pub use crate::engine::log::Moment;
pub use crate::engine::store::log_head::{InvalidLogHead, LogHead};
pub use crate::engine::store::{BackupStep, StoreUrl, Verification, Verified};
