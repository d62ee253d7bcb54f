//! The two sides of a transfer.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::booking::{BookingDate, BookingDetails, Memo};
use super::id::AccountId;
use super::money::Money;
use super::refusal::Refusal;

/// The title of the command that begins a transfer. It is traced before the command is built.
pub(in crate::bank) const TRANSFER_MONEY: &str = "Transfer Money";

/// The id of a transfer, which is the id of the command that requested it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransferId(Uuid);

impl From<Uuid> for TransferId {
    fn from(command_id: Uuid) -> Self {
        Self(command_id)
    }
}

impl From<TransferId> for Uuid {
    fn from(TransferId(command_id): TransferId) -> Self {
        command_id
    }
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The payer's side of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredOutgoing")]
pub struct Outgoing {
    /// The payer.
    pub account_id: AccountId,
    /// The transfer.
    pub transfer_id: TransferId,
    /// The payee.
    pub payee: AccountId,
    /// The amount.
    pub amount: Money,
    /// Memo, booking date, and the transfer that this one reverses: the same at the payer and at the payee.
    #[serde(flatten)]
    pub details: BookingDetails,
}

/// [`Outgoing`] as it is read. Listing the details among the other fields is faster than flattening them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredOutgoing {
    account_id: AccountId,
    transfer_id: TransferId,
    payee: AccountId,
    amount: Money,
    memo: Option<Memo>,
    booking_date: Option<BookingDate>,
    reverses: Option<Uuid>,
}

impl From<StoredOutgoing> for Outgoing {
    fn from(stored: StoredOutgoing) -> Self {
        let StoredOutgoing { account_id, transfer_id, payee, amount, memo, booking_date, reverses } = stored;
        let details = BookingDetails::from_stored(memo, booking_date);
        let details = reverses.into_iter().fold(details, BookingDetails::reversing);
        Self { account_id, transfer_id, payee, amount, details }
    }
}

impl Incoming {
    /// The payee's side of a transfer, from the payer's.
    pub(in crate::bank) fn of(Outgoing { account_id: payer, transfer_id, payee, amount, details }: Outgoing) -> Self {
        Self { account_id: payee, transfer_id, payer, amount, details }
    }
}

/// The payee's side of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredIncoming")]
pub struct Incoming {
    /// The payee.
    pub account_id: AccountId,
    /// The transfer.
    pub transfer_id: TransferId,
    /// The payer.
    pub payer: AccountId,
    /// The amount.
    pub amount: Money,
    /// Memo, booking date, and the transfer that this one reverses: the same at the payer and at the payee.
    #[serde(flatten)]
    pub details: BookingDetails,
}

/// [`Incoming`] as it is read. Listing the details among the other fields is faster than flattening them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredIncoming {
    account_id: AccountId,
    transfer_id: TransferId,
    payer: AccountId,
    amount: Money,
    memo: Option<Memo>,
    booking_date: Option<BookingDate>,
    reverses: Option<Uuid>,
}

impl From<StoredIncoming> for Incoming {
    fn from(stored: StoredIncoming) -> Self {
        let StoredIncoming { account_id, transfer_id, payer, amount, memo, booking_date, reverses } = stored;
        let details = BookingDetails::from_stored(memo, booking_date);
        let details = reverses.into_iter().fold(details, BookingDetails::reversing);
        Self { account_id, transfer_id, payer, amount, details }
    }
}

/// A failed transfer, whose payer has the money back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredReleased")]
pub struct Released {
    /// The payer's side of the transfer.
    #[serde(flatten)]
    pub outgoing: Outgoing,
    /// Why the transfer failed.
    pub reason: ReleaseReason,
}

/// [`Released`] as it is read. A flattened struct would take fields that it does not know.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredReleased {
    account_id: AccountId,
    transfer_id: TransferId,
    payee: AccountId,
    amount: Money,
    memo: Option<Memo>,
    booking_date: Option<BookingDate>,
    reverses: Option<Uuid>,
    reason: ReleaseReason,
}

impl From<StoredReleased> for Released {
    fn from(stored: StoredReleased) -> Self {
        let StoredReleased { account_id, transfer_id, payee, amount, memo, booking_date, reverses, reason } = stored;
        let outgoing = StoredOutgoing { account_id, transfer_id, payee, amount, memo, booking_date, reverses };
        Self { outgoing: outgoing.into(), reason }
    }
}

/// Why a transfer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// The payee's account does not exist.
    NoPayee,
    /// The payee's balance would exceed [`Money::MAX`].
    BalanceLimit,
    /// The process kept failing, and a person has given the transfer up before the payee was credited.
    GivenUp,
}

impl ReleaseReason {
    /// Why a transfer fails that the payee's account refuses. One that is missing or closed is no payee.
    pub(in crate::bank) fn of_refused_credit(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::BalanceLimit => Self::BalanceLimit,
            Refusal::NoAccount | Refusal::AccountClosed => Self::NoPayee,
            // An account refuses no credit for any of these.
            Refusal::AccountExists
            | Refusal::InvalidName(_)
            | Refusal::PinRequired
            | Refusal::NoPin
            | Refusal::AccountLocked
            | Refusal::NotLocked
            | Refusal::BalanceNotZero
            | Refusal::OverdraftInUse
            | Refusal::TransferUnderWay
            | Refusal::AccountFrozen
            | Refusal::AlreadyFrozen
            | Refusal::NotFrozen
            | Refusal::OutdatedPinCheck
            | Refusal::SameAccount
            | Refusal::TooManyTransfers
            | Refusal::NoReservation
            | Refusal::AlreadyReversed
            | Refusal::Overdrawn => Self::NoPayee,
        }
    }
}
