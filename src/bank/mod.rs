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
mod backup;
mod balances;
mod catch_up;
mod ceo_bonus;
mod commands;
mod email;
mod email_address;
mod errors;
mod events;
mod export;
mod handle;
mod handlers;
mod head;
mod history;
mod holder;
mod import;
mod import_file;
mod in_place;
mod money;
mod open;
mod operations;
mod options;
mod own_handlers;
mod own_projections;
mod pin;
mod pin_checker;
mod pin_commands;
mod pin_lock;
mod pin_secret;
mod queries;
mod rebuild;
mod receipt;
mod replayed;
mod stored_events;
mod total_deposits;
mod transfer;
mod verify;
mod watch;
mod why;

pub use account::{Account, Refusal};
pub use account_id::{AccountId, InvalidName};
pub use accounts::{AccountEntry, Accounts};
pub use balances::Balances;
pub use ceo_bonus::CeoBonus;
pub use commands::AccountCommand;
pub use email::{AddressBook, EmailTarget, InvalidEmailTarget, Recipient, ThankYouEmail};
pub use email_address::{EmailAddress, InvalidEmail};
pub use errors::{
    AddHandlerError, BackupError, CheckBalanceError, CommandFailure, CreateError, DepositError, ExportError,
    ImportError, OpenError, QueryError, TransferError, Unavailable, UnlockError, WithdrawError,
};
pub use events::{AccountEvent, Movement};
pub use handle::Bank;
pub use handlers::{HandlerReport, MAX_PARKED};
pub use history::StatementLine;
pub use holder::{AccountHolder, HolderName};
pub use import::ImportStep;
pub use money::{InvalidAmount, Money};
pub use operations::NewAccount;
pub use options::{Options, PinCost, PinOptions};
pub use pin::{InvalidVerifier, MalformedPin, Pin, PinCheck, PinVerifier};
pub use pin_lock::MAX_WRONG_PINS;
pub use pin_secret::{PinSecret, PinSecretError, PinSecretSource, ShortSecret};
pub use receipt::{PendingCommand, Receipt, Withdrawal};
pub use stored_events::StoredEventError;
pub use total_deposits::TotalDeposits;
pub use transfer::{
    Ending, Incoming, Outgoing, ReleaseReason, Released, Step, TransferId, TransferOutcome, TransferProcess,
    TransferRecord, TransferState, Transfers,
};

pub use watch::Watch;
pub use why::{Cause, Reason};

pub use crate::engine::moment::Moment;
pub use crate::engine::store::StoreUrl;
pub use crate::engine::store::log_head::{InvalidLogHead, LogHead};
pub use crate::engine::store::sqlite::{BackupStep, Verification, Verified};
