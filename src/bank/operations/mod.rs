//! The operations of a bank: each prepares a command, sends it, and interprets its outcome.

mod accounts;
mod booking;
mod currency;
mod new_account;
mod operation;
mod receipt;
mod send;
mod transfer;
mod with_pin;

pub use self::booking::Booking;
pub use self::new_account::NewAccount;
pub use self::operation::{AwaitedOperation, Operation, PendingOperation};
pub use self::receipt::{PendingCommand, Receipt, Withdrawal};
pub use self::transfer::TransferOutcome;
