//! `backup`: a copy of the log as of one moment, in a file.

use super::file::{FILE, path};
use super::{HasApplication, function};
use crate::engine::application::BackupError;
use crate::engine::store::{self, BackupStep};
use crate::shell::common_errors::{DAMAGED, FILE_EXISTS, FILE_FAILED, LEFT_OVER, NO_FILE_NAME, RESERVED_NAME};
use crate::shell::functions::{Call, NotDone, Outcome, Row};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("backup", &[FILE], "backs the {thing} up to a file, while it is in use", "{module}.backup \"monday.db\"")
            .group("Upkeep")
            .meant_by(&["copy", "clone", "save"])
            .details(
                "The backup is the {thing} as of one moment, verified and closed: one file, which can be opened, moved and sent.\n\
                The file must not exist yet, and only its owner may read it. A {thing} in memory can be backed up too.\n\
                Replies :ok.",
            )
            .errors(&[&[FILE_EXISTS, FILE_FAILED, DAMAGED, RESERVED_NAME, LEFT_OVER, NO_FILE_NAME]]),
        |domain, call| Box::pin(backup(domain, call)),
    )
}

async fn backup<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let progress = ProgressLine::new();
    let line = progress.writer();
    let show = move |step, done, total| match step {
        BackupStep::Copy => line.show_pages("backup", done, total),
        BackupStep::Store => line.show("backup", done, total),
        BackupStep::Check => line.show("check", done, total),
    };
    match application.backup(path(&call)?, show).await {
        Ok(_) => Ok(Term::OK.into()),
        Err(BackupError::Unavailable(unavailable)) => Err(D::WORDS.failed(&unavailable)),
        Err(BackupError::File(error)) => {
            let reply = match &error {
                store::BackupError::FileExists { .. } => Term::Error(FILE_EXISTS),
                store::BackupError::LeftOver { .. } => Term::Error(LEFT_OVER),
                store::BackupError::ReservedName { .. } => Term::Error(RESERVED_NAME),
                store::BackupError::Broken { .. } => Term::Error(DAMAGED),
                store::BackupError::File { .. }
                | store::BackupError::DiskFull { .. }
                | store::BackupError::Store(_) => Term::Error(FILE_FAILED),
            };
            let is_sound = !matches!(error, store::BackupError::Broken { .. } | store::BackupError::Store(_));
            let not_done = NotDone::failed(reply, error.to_string());
            Err(if is_sound { not_done.changing_nothing() } else { not_done })
        }
    }
}
