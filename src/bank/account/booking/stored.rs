//! How deposits and withdrawals are read from the log.

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
