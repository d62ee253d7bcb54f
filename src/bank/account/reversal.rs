//! Reversals: what was booked, booked the other way. Events are never changed, and so a mistake is put right by another.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::booking::{BookingDate, BookingDetails, Memo};
use super::id::AccountId;
use super::money::{self, Money};
use super::refusal::Refusal;

/// The reversal of a deposit or a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredReversal")]
pub struct Reversal {
    /// The account.
    pub account_id: AccountId,
    /// The id of the command whose booking is reversed.
    pub reverses: Uuid,
    /// The amount of the booking.
    pub amount: Money,
    /// The memo of the reversal. It is booked on the day on which it is recorded.
    #[serde(flatten)]
    pub(super) details: BookingDetails,
}

impl Reversal {
    /// Reverses the booking of a command.
    pub fn new(account_id: AccountId, reverses: Uuid, amount: Money, memo: Option<Memo>) -> Self {
        Self { account_id, reverses, amount, details: memo.map_or(BookingDetails::NONE, Into::into) }
    }
}

/// [`Reversal`] as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredReversal {
    account_id: AccountId,
    reverses: Uuid,
    #[serde(deserialize_with = "money::deserialize_amount")]
    amount: Money,
    memo: Option<Memo>,
    booking_date: Option<BookingDate>,
}

impl From<StoredReversal> for Reversal {
    fn from(stored: StoredReversal) -> Self {
        let StoredReversal { account_id, reverses, amount, memo, booking_date } = stored;
        Self { account_id, reverses, amount, details: BookingDetails::from_stored(memo, booking_date) }
    }
}

/// The commands whose bookings an account has reversed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::bank) struct ReversedCommands(BTreeSet<Uuid>);

impl ReversedCommands {
    /// Refuses to reverse a booking twice.
    pub(in crate::bank) fn check(&self, command_id: Uuid) -> Result<(), Refusal> {
        if self.contain(command_id) { Err(Refusal::AlreadyReversed) } else { Ok(()) }
    }

    pub(in crate::bank) fn contain(&self, command_id: Uuid) -> bool {
        self.0.contains(&command_id)
    }

    pub(in crate::bank) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::bank) fn add(&mut self, command_id: Uuid) {
        self.0.insert(command_id);
    }

    /// A transfer back that was released has reversed nothing.
    pub(in crate::bank) fn remove(&mut self, command_id: Uuid) {
        self.0.remove(&command_id);
    }
}
