//! The bank: accounts, the commands they take, the events that happen to them, and the balances they add up to.
//!
//! [`Bank`] is the handle that programs use. Behind it, [`Account`] decides on an [`AccountCommand`], the
//! [`AccountEvent`]s go into the event store, and [`Balances`] answers what an account holds.

mod account;
mod account_id;
mod balances;
mod commands;
mod errors;
mod events;
mod handle;
mod history;
mod money;
mod options;

pub use account::{Account, Refusal};
pub use account_id::{AccountId, InvalidName};
pub use balances::Balances;
pub use commands::AccountCommand;
pub use errors::{CheckBalanceError, CommandFailure, CreateError, DepositError, OpenError, Unavailable, WithdrawError};
pub use events::AccountEvent;
pub use handle::{Bank, PendingCommand, Receipt, Withdrawal};
pub use history::StatementLine;
pub use money::{InvalidAmount, Money};
pub use options::{Options, Store};

pub use crate::engine::moment::Moment;
