//! The arguments that queries share: the moment, the first position, and the limit.

use super::function_table::{AS_OF, AT, LIMIT};
use super::functions::{Call, Parameter};
use super::term::Term;
use crate::engine::feed::catch_up::NotYet;
use crate::engine::log::{Moment, Position, Timestamp};

/// How many rows a table has without `limit:`.
const DEFAULT_LIMIT: usize = 1_000;
/// The largest `limit:`.
pub(in crate::shell) const MAX_LIMIT: usize = 100_000;

/// The moment that `at:` or `as_of:` names. To give both is an error.
pub(in crate::shell) fn moment(call: &Call<'_>) -> Result<Option<Moment>, Term> {
    match (call.optional(AT), call.optional(AS_OF)) {
        (None, None) => Ok(None),
        (Some(position), None) => {
            let position = position.parse().map_err(|_| Term::Error("invalid_position"))?;
            Ok(Some(Moment::Position(Position::new(position))))
        }
        (None, Some(text)) => Ok(Some(Moment::Time(time(text).ok_or(Term::Error("invalid_time"))?))),
        (Some(_), Some(_)) => Err(Term::Error("two_moments")),
    }
}

/// The time of a text. The last days of the calendar are beyond the [last time](Timestamp::MAX), which stands for them: who
/// writes one means the end of time.
fn time(text: &str) -> Option<Timestamp> {
    let is_of_last_days = || {
        let rest = text.strip_prefix("9999-12-30").or_else(|| text.strip_prefix("9999-12-31"))?;
        let is_time = rest.is_empty() || format!("9999-12-29{rest}").parse::<Timestamp>().is_ok();
        is_time.then_some(Timestamp::MAX)
    };
    text.parse().ok().or_else(is_of_last_days)
}

/// The reply to a query about a position beyond the end of the log.
pub(in crate::shell) fn beyond_the_end(not_yet: NotYet) -> Term {
    let position = Term::Integer(not_yet.position.get().into());
    let problem = vec![("position", position), ("problem", Term::String(not_yet.to_string()))];
    Term::Problem(Box::new(Term::Map(problem)))
}

/// The position that an argument names; 1 where it was left out.
pub(in crate::shell) fn position(call: &Call<'_>, parameter: Parameter) -> Result<Position, Term> {
    let position = call.optional(parameter).unwrap_or("1");
    position.parse().map(Position::new).map_err(|_| Term::Error("invalid_position"))
}

pub(in crate::shell) fn limit(call: &Call<'_>) -> Result<usize, Term> {
    let limit = call.optional(LIMIT).map_or(Ok(DEFAULT_LIMIT), str::parse);
    limit.ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or(Term::Error("invalid_limit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_calendar_is_the_last_time() {
        for text in ["9999-12-31", "9999-12-31T23:59:59Z", "9999-12-30T22:00:01Z", "9999-12-31T23:59:59.999999+01:00"] {
            assert_eq!(time(text), Some(Timestamp::MAX), "{text}");
        }
        for text in ["9999-12-31T24:00:00Z", "9999-12-32", "9999-12-31x", "10000-01-01T00:00:00Z", ""] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(time("2026-11-20T10:00:00Z"), "2026-11-20T10:00:00Z".parse().ok());
    }
}
