//! `trace`: how much of the trace is shown.

use super::{HasApplication, function};
use crate::shell::functions::{Call, Outcome, Parameter, ParameterKind, Row};
use crate::shell::term::Term;

const LINES: Parameter = Parameter::needed("lines", ParameterKind::Atom(&[ALL, "usual"]));
const ALL: &str = "all";

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("trace", &[LINES], "shows the whole trace, or the usual lines", "{module}.trace :all")
            .group("Hold and break")
            .details(
                "With :all, the trace tells of conflicts and second decisions, of failed attempts and the next one, of events\n\
                that are acknowledged at a later attempt or parked, of snapshots that are stored and loaded, and of\n\
                duplicates; and it shows every line whenever it comes, also long after the reply. The first {module}.hold,\n\
                {module}.step or {module}.break does the same. :usual goes back. With --quiet there is no trace.\n\
                Replies :ok.",
            ),
        |_, call| Box::pin(trace(call)),
    )
}

async fn trace(call: Call<'_>) -> Outcome {
    call.choose_details(call.text(LINES) == ALL);
    Ok(Term::OK.into())
}
