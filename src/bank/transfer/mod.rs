//! Transfers: money from one account to another, in two phases.
//!
//! 1. The amount is reserved at the payer: it leaves the balance, and cannot be spent twice.
//! 2. The process credits the payee, and then settles: the reservation is gone for good. When the payee cannot
//!    take it, the reservation is released instead: the amount is back in the payer's balance.
//!
//! Each step is an event of one account, and [`TransferProcess`] answers it with the command for the next. Whatever
//! may be refused is refused when money is reserved or credited, so settling and releasing never are.

mod operations;
mod process;
mod reservations;
mod transfers;
mod under_way;

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::operations::TransferOutcome;
pub(super) use self::operations::transfer_seen;
pub use self::process::TransferProcess;
pub(super) use self::reservations::Reservations;
pub use self::transfers::{Ending, Step, TransferRecord, TransferState, Transfers};
use super::{AccountId, Money};

/// What names a transfer: the id of the command that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransferId(Uuid);

impl From<Uuid> for TransferId {
    fn from(command_id: Uuid) -> Self {
        Self(command_id)
    }
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The payer's side of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The payer.
    pub account_id: AccountId,
    /// The transfer.
    pub transfer_id: TransferId,
    /// Who is to get the money.
    pub payee: AccountId,
    /// How much.
    pub amount: Money,
}

/// The payee's side of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The payee.
    pub account_id: AccountId,
    /// The transfer.
    pub transfer_id: TransferId,
    /// Whose money it was.
    pub payer: AccountId,
    /// How much.
    pub amount: Money,
}

/// A transfer that did not come about: the payer has the money back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// What was reserved.
    #[serde(flatten)]
    pub outgoing: Outgoing,
    /// Why.
    pub reason: ReleaseReason,
}

/// Why a payee did not get the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// There is no such account.
    NoPayee,
    /// The payee's balance would exceed [`Money::MAX`].
    BalanceLimit,
}
