//! How events that may have details are read from the log.

use serde::{Deserialize, Deserializer};

use super::date::BookingDate;
use super::declined::DeclinedDetails;
use super::details::BookingDetails;
use super::memo::Memo;
use crate::bank::account::balance::Balance;
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

/// Deserializes the fields of a payment that was declined for want of money.
pub(in crate::bank::account) fn deserialize_overdrawn<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(AccountId, Balance, Money, DeclinedDetails), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Stored {
        account_id: AccountId,
        balance: Balance,
        #[serde(deserialize_with = "money::deserialize_amount")]
        amount_requested: Money,
        payee: Option<AccountId>,
        memo: Option<Memo>,
        booking_date: Option<BookingDate>,
    }

    let Stored { account_id, balance, amount_requested, payee, memo, booking_date } =
        Stored::deserialize(deserializer)?;
    let declined = DeclinedDetails::new(payee, BookingDetails::from_stored(memo, booking_date));
    Ok((account_id, balance, amount_requested, declined))
}

/// Deserializes the fields of a payment that was declined because of a wrong PIN.
pub(in crate::bank::account) fn deserialize_wrong_pin<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(AccountId, Money, DeclinedDetails), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Stored {
        account_id: AccountId,
        #[serde(deserialize_with = "money::deserialize_amount")]
        amount_requested: Money,
        payee: Option<AccountId>,
        memo: Option<Memo>,
        booking_date: Option<BookingDate>,
    }

    let Stored { account_id, amount_requested, payee, memo, booking_date } = Stored::deserialize(deserializer)?;
    let declined = DeclinedDetails::new(payee, BookingDetails::from_stored(memo, booking_date));
    Ok((account_id, amount_requested, declined))
}

/// The types of the events that may have a memo and a booking date.
const BOOKINGS: [&str; 8] = [
    "money_deposited_into_bank_account",
    "money_withdrawn_from_bank_account",
    "money_reserved_for_transfer",
    "transfer_credited",
    "transfer_settled",
    "transfer_released",
    "account_overdrawn",
    "invalid_pin",
];

/// Whether the version after one of an event type only adds the details of a booking.
pub(in crate::bank::account) fn only_adds(event_type: &str, schema_version: u16) -> bool {
    schema_version == 1 && BOOKINGS.contains(&event_type)
}
