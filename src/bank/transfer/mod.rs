//! Transfers: money from one account to another, in two phases.
//!
//! 1. The amount is reserved at the payer: it leaves the balance, and cannot be spent twice.
//! 2. The process credits the payee, and then settles: the reservation is gone for good. When the payee cannot
//!    take it, the reservation is released instead: the amount is back in the payer's balance.
//!
//! Each step is an event of one account, and [`TransferProcess`] answers it with the command for the next. Whatever
//! may be refused is refused when money is reserved or credited, so settling and releasing never are.

mod ended;
mod process;
mod transfers;
mod under_way;

pub(super) use self::ended::wait_until_transfer_has_ended;
pub use self::process::TransferProcess;
pub use self::transfers::{Ending, Step, TransferRecord, TransferState, Transfers};
