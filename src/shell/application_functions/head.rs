//! `head`: where the log ends, to be noted.

use super::{HasApplication, asked, function};
use crate::shell::functions::{Call, Outcome, Row};
use crate::shell::term::Term;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("head", &[], "tells where the log ends, to be noted", "{module}.head")
            .group("Upkeep")
            .details(asked!(
                "The position of the last event, and the hash that covers it and all before it: in memory, in a file and\n\
                after an import the same. Noted elsewhere, it is what {module}.verify head: holds the log against.\n\
                Replies a string such as \"12:5c5efdbdb48ba96a2c5f5b9c2b9b9a34\"."
            )),
        |domain, call| Box::pin(head(domain, call)),
    )
}

async fn head<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let head = application.head().await.map_err(|error| D::WORDS.failed(&error))?;
    Ok(Term::String(head.to_string()).into())
}
