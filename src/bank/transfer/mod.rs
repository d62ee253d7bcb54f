//! Transfers: money from one account to another, in two phases.
//!
//! 1. The amount is reserved in the payer's account: it leaves the balance, and cannot be spent twice.
//! 2. The process manager credits the payee, and settles the transfer, which removes the reservation. If the payee
//!    cannot take the amount, it releases the transfer instead, which returns the amount to the payer's balance.
//!
//! Each step is an event of one account, and [`TransferProcess`] answers it with the command for the next step. Only
//! reserving and crediting can be refused; settling and releasing cannot.

mod process;
mod transfers;
mod unfinished;
mod wait_until_ended;

pub use self::process::TransferProcess;
pub use self::transfers::{Ending, Step, TransferRecord, TransferState, Transfers};
pub(super) use self::wait_until_ended::{is_to_end_elsewhere, wait_until_ended_elsewhere};
