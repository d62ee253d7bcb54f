//! The arguments that queries share: the moment, the first position, and the limit.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::function_table::{AS_OF, AT, LIMIT};
use super::functions::{Call, Explanation, NotDone, Parameter};
use super::term::Term;
use crate::engine::feed::catch_up::NotYet;
use crate::engine::log::{Moment, Position, Timestamp};
use crate::shell::common_errors::{INVALID_LIMIT, INVALID_POSITION, INVALID_TIME, TWO_MOMENTS};

/// How many rows a table has without `limit:`.
const DEFAULT_LIMIT: usize = 1_000;
/// The largest `limit:`.
pub(in crate::shell) const MAX_LIMIT: usize = 100_000;

/// The moment that `at:` or `as_of:` names. To give both is an error.
pub(in crate::shell) fn moment(call: &Call<'_>) -> Result<Option<Moment>, Term> {
    match (call.optional(AT), call.optional(AS_OF)) {
        (None, None) => Ok(None),
        (Some(position), None) => {
            // The last number stands for now, and no log has an event there.
            let position = position.parse().ok().filter(|position| *position < u64::MAX);
            Ok(Some(Moment::Position(Position::new(position.ok_or(Term::Error(INVALID_POSITION))?))))
        }
        (None, Some(text)) => time(text).map(|time| Some(Moment::Time(time))).ok_or(Term::Error(INVALID_TIME)),
        (Some(_), Some(_)) => Err(Term::Error(TWO_MOMENTS)),
    }
}

/// The time that a text names. A date stands for its end, in UTC, as in the period of a statement.
fn time(text: &str) -> Option<Timestamp> {
    const DATE: usize = "2026-11-20".len();
    if text.len() != DATE {
        return text.parse().ok().or_else(|| of_last_days(text));
    }
    let date: Date = text.parse().ok()?;
    // The last days that a date can name end later than the last time.
    let end = date.at(23, 59, 59, 999_999_000).to_zoned(TimeZone::UTC);
    Some(end.map_or(Timestamp::MAX, |end| Timestamp::from_micros(end.timestamp().as_microsecond())))
}

/// The last days of the calendar are beyond the [last time](Timestamp::MAX), which is used for them.
fn of_last_days(text: &str) -> Option<Timestamp> {
    let rest = text.strip_prefix("9999-12-30").or_else(|| text.strip_prefix("9999-12-31"))?;
    format!("9999-12-29{rest}").parse::<Timestamp>().is_ok().then_some(Timestamp::MAX)
}

/// The reply to a query about a position beyond the end of the log.
pub(in crate::shell) fn beyond_the_end(not_yet: NotYet) -> NotDone {
    let position = Term::Integer(not_yet.position.get().into());
    let problem = vec![("position", position), ("problem", Term::String(not_yet.to_string()))];
    let clause = format!("{not_yet}: ask for a moment up to there, or leave it out for now");
    let explanation = Explanation { about: &["at", "position"], clause };
    NotDone::from(Term::Problem(Box::new(Term::Map(problem)))).explained(Some(explanation))
}

/// The position that an argument names; 1 where it was left out.
pub(in crate::shell) fn position(call: &Call<'_>, parameter: Parameter) -> Result<Position, Term> {
    let position = call.optional(parameter).unwrap_or("1");
    position.parse().map(Position::new).map_err(|_| Term::Error(INVALID_POSITION))
}

/// The position of the event that an argument names: from 1 on.
pub(in crate::shell) fn position_of_event(call: &Call<'_>, parameter: Parameter) -> Result<Position, Term> {
    position(call, parameter).and_then(|position| match position {
        Position::START => Err(Term::Error(INVALID_POSITION)),
        position => Ok(position),
    })
}

pub(in crate::shell) fn limit(call: &Call<'_>) -> Result<usize, Term> {
    let limit = call.optional(LIMIT).map_or(Ok(DEFAULT_LIMIT), str::parse);
    limit.ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or(Term::Error(INVALID_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_time_at_its_end() {
        for (text, expected) in [
            ("2026-11-20T10:00:00Z", Some("2026-11-20T10:00:00.000000Z")),
            ("2026-11-20", Some("2026-11-20T23:59:59.999999Z")),
            ("9999-12-31", Some("9999-12-30T22:00:00.000000Z")),
            ("2026-11-31", None),
            ("2026-11-20T10", None),
            ("20.11.2026", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(time(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_the_last_time() {
        for text in ["9999-12-31", "9999-12-31T23:59:59Z", "9999-12-30T22:00:01Z", "9999-12-31T23:59:59.999999+01:00"] {
            assert_eq!(time(text), Some(Timestamp::MAX), "{text}");
        }
        for text in ["9999-12-31T24:00:00Z", "9999-12-32", "9999-12-31x", "10000-01-01T00:00:00Z", ""] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
