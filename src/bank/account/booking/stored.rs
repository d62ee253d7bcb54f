//! How events that may have details are read from the log.

use serde::{Deserialize, Deserializer};

use super::date::BookingDate;
use super::details::BookingDetails;
use super::memo::Memo;
use crate::bank::account::id::AccountId;
use crate::bank::account::money::{self, Money};

/// Deserializes the fields of a deposit or a withdrawal. Listing the details among them is faster than flattening, which
/// would buffer every plain booking.
pub(in crate::bank::account) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(AccountId, Money, BookingDetails), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Stored {
        account_id: AccountId,
        #[serde(deserialize_with = "money::deserialize_amount")]
        amount: Money,
        memo: Option<Memo>,
        booking_date: Option<BookingDate>,
    }

    let Stored { account_id, amount, memo, booking_date } = Stored::deserialize(deserializer)?;
    Ok((account_id, amount, BookingDetails::from_stored(memo, booking_date)))
}

/// The types of the events that may have a memo and a booking date.
const BOOKINGS: [&str; 6] = [
    "money_deposited_into_bank_account",
    "money_withdrawn_from_bank_account",
    "money_reserved_for_transfer",
    "transfer_credited",
    "transfer_settled",
    "transfer_released",
];

/// Whether the version after one of an event type only adds the details of a booking.
pub(in crate::bank::account) fn only_adds(event_type: &str, schema_version: u16) -> bool {
    schema_version == 1 && BOOKINGS.contains(&event_type)
}
