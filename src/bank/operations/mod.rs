//! The operations of a bank: each prepares a command, sends it, and interprets its outcome.

mod accounts;
mod booking;
mod change_account;
mod currency;
mod freeze;
mod new_account;
mod operation;
mod overdraft_limit;
mod receipt;
mod reverse;
mod send;
mod transfer;
mod with_pin;

pub use self::booking::Booking;
pub use self::new_account::NewAccount;
pub use self::operation::{AwaitedOperation, Operation, PendingOperation};
pub use self::receipt::{PendingCommand, Receipt, Withdrawal};
pub use self::transfer::TransferOutcome;
