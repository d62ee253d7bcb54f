//! `export`: writes the log to a file, a line for each event.

use super::file::{ERRORS, FILE, not_written, path};
use super::{HasApplication, counted, function};
use crate::shell::functions::{Call, Outcome, Row};
use crate::shell::progress::ProgressLine;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("export", &[FILE], "writes the log to a file", "{module}.export \"events.jsonl\"")
            .group("Upkeep")
            .meant_by(&["dump", ".dump"])
            .details(
                "Each event becomes a JSON object on a line, with all its metadata. The file must not exist yet, and only\n\
                its owner may read it.\n\
                Replies {:ok, %{events: 12}}.",
            )
            .errors(&[ERRORS]),
        |domain, call| Box::pin(export(domain, call)),
    )
}

async fn export<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let line = ProgressLine::new();
    let exported = application.export(path(&call)?, |done, total| line.show("export", done, total)).await;
    Ok(counted(exported.map_err(|error| not_written::<D>(error))?).into())
}
