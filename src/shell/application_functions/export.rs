//! `export`: writes the log to a file, a line for each event.

use super::file::{FILE, path};
use super::{HasApplication, counted, function};
use crate::engine::application::ExportError;
use crate::shell::common_errors::{FILE_EXISTS, FILE_FAILED, RESERVED_NAME};
use crate::shell::functions::{Call, NotDone, Outcome, Row};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("export", &[FILE], "writes the log to a file", "{module}.export \"events.jsonl\"")
            .group("Upkeep")
            .details(
                "Each event becomes a JSON object on a line, with all its metadata. The file must not exist yet, and only\n\
                its owner may read it.\n\
                Replies {:ok, %{events: 12}}.",
            )
            .errors(&[&[FILE_EXISTS, FILE_FAILED, RESERVED_NAME]]),
        |domain, call| Box::pin(export(domain, call)),
    )
}

async fn export<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let line = ProgressLine::new();
    match application.export(path(&call), |done, total| line.show("export", done, total)).await {
        Ok(events) => Ok(counted(events).into()),
        Err(ExportError::Unavailable(unavailable)) => Err(D::WORDS.failed(&unavailable)),
        Err(error) => {
            let reply = match &error {
                ExportError::FileExists { .. } => Term::Error(FILE_EXISTS),
                ExportError::ReservedName { .. } => Term::Error(RESERVED_NAME),
                ExportError::File { .. } | ExportError::Unavailable(_) => Term::Error(FILE_FAILED),
            };
            Err(NotDone::failed(reply, error.to_string()).changing_nothing())
        }
    }
}
