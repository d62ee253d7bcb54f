//! `memo:` and `on:`: the memo of a booking, and the date it is booked on.

use super::errors::{FUTURE_DATE, INVALID_DATE, INVALID_MEMO};
use super::replies::WORDS;
use crate::bank::{Bank, BookingDate, BookingDetails, Memo};
use crate::shell::functions::{Call, NotDone, Parameter, ParameterKind};
use crate::shell::term::Term;

pub(super) const MEMO: Parameter = Parameter::by_name("memo", ParameterKind::Text);
pub(super) const ON: Parameter = Parameter::by_name("on", ParameterKind::Text);

/// The memo of a call.
pub(super) fn memo(call: &Call<'_>) -> Result<Option<Memo>, NotDone> {
    let memo = call.optional(MEMO).map(Memo::new).transpose();
    memo.map_err(|why| NotDone::malformed(INVALID_MEMO, why))
}

/// The day that no booking date of a call may be after: that of the machine's clock, or of a log that is ahead of it. The log
/// is asked only where that makes a difference.
pub(super) async fn last_day(bank: &Bank, call: &Call<'_>) -> Result<BookingDate, NotDone> {
    let today = bank.today();
    let is_later = call.optional(ON).and_then(|on| on.parse().ok()).is_some_and(|on: BookingDate| on > today);
    if !is_later {
        return Ok(today);
    }
    bank.booking_day().await.map_err(|unavailable| WORDS.failed(&unavailable))
}

/// The memo and the booking date of a call. The date is checked here, against the bank's clock: no account could.
pub(super) fn details(call: &Call<'_>, last_day: BookingDate) -> Result<BookingDetails, NotDone> {
    let (memo, date) = (memo(call)?, call.optional(ON));
    if memo.is_none() && date.is_none() {
        return Ok(BookingDetails::NONE);
    }
    let date = date.map(str::parse).transpose().map_err(|_| Term::Error(INVALID_DATE))?;
    Ok(BookingDetails::new(memo, date, last_day).map_err(|_| Term::Error(FUTURE_DATE))?)
}
