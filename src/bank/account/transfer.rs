//! The two sides of a transfer, as the accounts know them.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::id::AccountId;
use super::money::Money;

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
