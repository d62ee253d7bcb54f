//! The arguments that queries share: the moment, the first position, and the limit.

use super::function_table::{AS_OF, AT, LIMIT};
use super::functions::{Call, Parameter};
use super::term::Term;
use crate::engine::feed::catch_up::NotYet;
use crate::engine::log::{Moment, Position};

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
        (None, Some(time)) => Ok(Some(Moment::Time(time.parse().map_err(|_| Term::Error("invalid_time"))?))),
        (Some(_), Some(_)) => Err(Term::Error("two_moments")),
    }
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
