//! `month:`, `from:`, `to:` and `before:`: the period of a statement.

use super::errors::{INVALID_DATE, INVALID_MONTH, INVALID_PERIOD, MIXED_PERIOD, TWO_PERIODS};
use crate::bank::{Bound, InvalidPeriod, Month, Period};
use crate::engine::log::Position;
use crate::shell::common_errors::INVALID_POSITION;
use crate::shell::functions::{Call, Parameter, ParameterKind};
use crate::shell::query_arguments::position_of_event;
use crate::shell::term::Term;

pub(super) const MONTH: Parameter = Parameter::by_name("month", ParameterKind::Text);
pub(super) const FROM: Parameter = Parameter::by_name("from", ParameterKind::PositionOrDate);
pub(super) const TO: Parameter = Parameter::by_name("to", ParameterKind::PositionOrDate);
pub(super) const BEFORE: Parameter = Parameter::by_name("before", ParameterKind::Integer);

/// The period of a call. To give a month and another end is an error.
pub(super) fn period(call: &Call<'_>) -> Result<Period, Term> {
    let before = call.optional(BEFORE).map(|_| position_of_event(call, BEFORE)).transpose()?;
    let period = with_ends(call)?;
    Ok(before.map_or(period, |line| period.before(line)))
}

fn with_ends(call: &Call<'_>) -> Result<Period, Term> {
    match (call.optional(MONTH), call.optional(FROM), call.optional(TO)) {
        (None, from, to) => {
            let (from, to) = (from.map(bound).transpose()?, to.map(bound).transpose()?);
            Period::between(from, to).map_err(|invalid| match invalid {
                InvalidPeriod::Mixed => Term::Error(MIXED_PERIOD),
                InvalidPeriod::TurnedRound => Term::Error(INVALID_PERIOD),
            })
        }
        (Some(month), None, None) => {
            month.parse().map(|month: Month| month.into()).map_err(|_| Term::Error(INVALID_MONTH))
        }
        (Some(_), _, _) => Err(Term::Error(TWO_PERIODS)),
    }
}

/// An integer, which may be out of range, is a position; any other text can only be a date.
fn bound(text: &str) -> Result<Bound, Term> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let position = text.parse().map_err(|_| Term::Error(INVALID_POSITION))?;
        return Ok(Bound::Position(Position::new(position)));
    }
    text.parse().map(Bound::Date).map_err(|_| Term::Error(INVALID_DATE))
}
