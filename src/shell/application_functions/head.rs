//! `head`: shows where the log ends, for a later `verify`.

use super::{HasApplication, function};
use crate::shell::functions::{Call, Outcome, Row};
use crate::shell::term::Term;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("head", &[], "shows where the log ends, for a later verify", "{module}.head")
            .group("Upkeep")
            .details(
                "The head is the position of the last event and a hash over all events up to it. It is the same in memory,\n\
                in a file, and after an import. Note it elsewhere: {module}.verify head: checks the log against it.\n\
                Replies a string such as \"12:5c5efdbdb48ba96a2c5f5b9c2b9b9a34\"."
),
        |domain, call| Box::pin(head(domain, call)),
    )
}

async fn head<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let head = application.head().await.map_err(|error| D::WORDS.failed(&error))?;
    Ok(Term::String(head.to_string()).into())
}
