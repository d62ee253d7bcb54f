//! `memo:` and `on:`: the memo of a booking, and the date it is booked on.

use super::errors::{FUTURE_DATE, INVALID_DATE, INVALID_MEMO};
use crate::bank::{Bank, BookingDetails, Memo};
use crate::shell::functions::{Call, NotDone, Parameter, ParameterKind};
use crate::shell::term::Term;

pub(super) const MEMO: Parameter = Parameter::by_name("memo", ParameterKind::Text);
pub(super) const ON: Parameter = Parameter::by_name("on", ParameterKind::Text);

/// The memo of a call.
pub(super) fn memo(call: &Call<'_>) -> Result<Option<Memo>, NotDone> {
    let memo = call.optional(MEMO).map(Memo::new).transpose();
    memo.map_err(|why| NotDone::malformed(INVALID_MEMO, why))
}

/// The memo and the booking date of a call. The date is checked here, against the bank's clock: no account could.
pub(super) fn details(bank: &Bank, call: &Call<'_>) -> Result<BookingDetails, NotDone> {
    let (memo, date) = (memo(call)?, call.optional(ON));
    if memo.is_none() && date.is_none() {
        return Ok(BookingDetails::NONE);
    }
    let date = date.map(str::parse).transpose().map_err(|_| Term::Error(INVALID_DATE))?;
    Ok(BookingDetails::new(memo, date, bank.today()).map_err(|_| Term::Error(FUTURE_DATE))?)
}
