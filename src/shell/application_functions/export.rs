//! `export`: writes the log to a file, a line for each event.

use super::file::{FILE, path};
use super::{HasApplication, asked, counted, function};
use crate::engine::application::ExportError;
use crate::shell::functions::{Call, NotDone, Outcome, Row};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("export", &[FILE], "writes the log to a file", "{module}.export \"events.jsonl\"")
            .group("Upkeep")
            .details(asked!(
                "Each event becomes a JSON object on a line, with all its metadata. The file must not exist yet, and only\n\
                its owner may read it.\n\
                Replies {:ok, %{events: 12}}, {:error, :file_exists}, {:error, :file_failed}, or {:error, :reserved_name} for a\n\
                name such as \"b.db-end\"."
            )),
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
                ExportError::FileExists { .. } => Term::Error("file_exists"),
                ExportError::ReservedName { .. } => Term::Error("reserved_name"),
                ExportError::File { .. } | ExportError::Unavailable(_) => Term::Error("file_failed"),
            };
            Err(NotDone::failed(reply, error.to_string()).changing_nothing())
        }
    }
}
