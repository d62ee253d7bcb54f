//! `crash`: ends the program as a power cut would.

use super::{HasApplication, function};
use crate::shell::functions::{Call, Outcome, Reply, Row};
use crate::shell::term::Term;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("crash", &[], "ends the program at once, as a power cut would", "{module}.crash")
            .group("Hold and break")
            .ending()
            .details(
                "Nothing is closed, finished or stored any more, and the {called} is not asked. What a file has kept shows\n\
                when it is opened again: every event that was acknowledged. What was in memory is gone.\n\
                The program kills itself, so that its exit code is 137.",
            ),
        |_, call| Box::pin(crash(call)),
    )
}

async fn crash(_: Call<'_>) -> Outcome {
    Ok(Reply { crashes: true, ..Term::OK.into() })
}
