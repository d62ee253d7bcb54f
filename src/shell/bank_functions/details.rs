//! `memo:` and `on:`: the memo of a booking, and the date it is booked on.

use crate::bank::{Bank, BookingDetails, Memo};
use crate::shell::functions::{Call, Parameter, ParameterKind};
use crate::shell::term::Term;

pub(super) const MEMO: Parameter = Parameter::by_name("memo", ParameterKind::Text);
pub(super) const ON: Parameter = Parameter::by_name("on", ParameterKind::Text);

/// The memo and the booking date of a call. The date is checked here, against the bank's clock: no account could.
pub(super) fn details(bank: &Bank, call: &Call<'_>) -> Result<BookingDetails, Term> {
    let (memo, date) = (call.optional(MEMO), call.optional(ON));
    if memo.is_none() && date.is_none() {
        return Ok(BookingDetails::NONE);
    }
    let memo = memo.map(Memo::new).transpose().map_err(|_| Term::Error("invalid_memo"))?;
    let date = date.map(str::parse).transpose().map_err(|_| Term::Error("invalid_date"))?;
    BookingDetails::new(memo, date, bank.today()).map_err(|_| Term::Error("future_date"))
}
