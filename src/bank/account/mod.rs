//! The account aggregate with its commands and events, and the projections of accounts.

mod aggregate;
mod balances;
mod booking;
mod commands;
mod email_address;
mod events;
mod holder;
mod id;
mod list;
mod money;
mod pin_lock;
mod refusal;
mod reservations;
mod snapshot;
mod total_deposits;
mod transfer;

pub use self::aggregate::Account;
pub use self::balances::Balances;
pub(super) use self::balances::trace;
pub use self::booking::{BookingDate, BookingDetails, FutureDate, InvalidDate, InvalidMemo, Memo};
pub use self::commands::AccountCommand;
pub(super) use self::commands::{CREATE_ACCOUNT, TRANSFER_MONEY};
pub use self::email_address::{EmailAddress, InvalidEmail};
pub use self::events::{AccountEvent, Movement};
pub use self::holder::{AccountHolder, HolderName};
pub use self::id::{AccountId, InvalidName};
pub use self::list::{AccountEntry, Accounts, Recipient};
pub use self::money::{InvalidAmount, Money};
pub use self::pin_lock::MAX_WRONG_PINS;
pub use self::refusal::Refusal;
pub use self::total_deposits::TotalDeposits;
pub use self::transfer::{Incoming, Outgoing, ReleaseReason, Released, TransferId};
