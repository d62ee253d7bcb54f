//! What whoever runs an application does with it now and then. All of it takes longer the longer the log is.

use std::path::Path;

use super::{Called, Words, integer};
use crate::engine::application::{BackupError, ExportError, ImportError, ImportStep, Unavailable};
use crate::engine::feed::RebuildError;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::log_head::LogHead;
use crate::engine::store::{self, BackupStep, Verification, Verified};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

/// The reply of a function that could not do its work, and the message that says what and where.
#[derive(Debug)]
pub struct NotDone {
    /// The reply.
    pub reply: Term,
    /// The message.
    pub message: String,
    /// All is as it was before, and whatever comes next does not depend on it.
    pub changes_nothing: bool,
}

impl NotDone {
    pub(in crate::shell) fn new(reply: Term, message: String) -> Self {
        Self { reply, message, changes_nothing: false }
    }

    pub(in crate::shell) fn unavailable(words: &Words, unavailable: &Unavailable) -> Self {
        Self::new(words.unavailable(unavailable), words.said(unavailable))
    }
}

pub(super) async fn head<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, NotDone> {
    let head = called.application.head().await.map_err(|error| NotDone::unavailable(called.words, &error))?;
    Ok(Term::String(head.to_string()))
}

pub(super) async fn verify<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, NotDone> {
    let Called { application, function, arguments, .. } = called;
    let Ok(noted) = arguments.named(function, "head").map(str::parse::<LogHead>).transpose() else {
        return Ok(Term::Error("invalid_head"));
    };
    let progress = ProgressLine::new();
    let line = progress.line();
    // Whoever tells may do so a little longer than it takes to answer.
    let tell = move |done, total| line.show("verify", done, total);
    let verification = match noted {
        None => application.verify(tell).await,
        Some(noted) => application.verify_head(noted, tell).await,
    };
    match verification.map_err(|error| NotDone::unavailable(called.words, &error))? {
        Verification::Whole(Verified { events, streams, snapshots }) => {
            let found = [("events", events), ("streams", streams), ("snapshots", snapshots)];
            Ok(Term::Ok(Box::new(Term::Map(found.map(|(name, count)| (name, integer(count))).into()))))
        }
        Verification::Broken { position, problem } => {
            let at = position.map(|position| format!("broken at position {position}: "));
            let message = format!("{}: {}{problem}", application.url(), at.unwrap_or_default());
            let position = position.map_or(Term::Nil, |position| integer(position.get()));
            let reply = Term::Map(vec![("position", position), ("problem", Term::String(problem))]);
            Err(NotDone::new(Term::Problem(Box::new(reply)), message))
        }
    }
}

pub(super) async fn backup<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, NotDone> {
    let progress = ProgressLine::new();
    let line = progress.line();
    let show = move |step, done, total| match step {
        BackupStep::Copy => line.show_pages("backup", done, total),
        BackupStep::Store => line.show("backup", done, total),
        BackupStep::Check => line.show("check", done, total),
    };
    match called.application.backup(path(called), show).await {
        Ok(_) => Ok(Term::OK),
        Err(BackupError::Unavailable(unavailable)) => Err(NotDone::unavailable(called.words, &unavailable)),
        Err(BackupError::File(error)) => {
            let reply = match &error {
                store::BackupError::FileExists { .. } => Term::Error("file_exists"),
                store::BackupError::LeftOver { .. } => Term::Error("left_over"),
                store::BackupError::ReservedName { .. } => Term::Error("reserved_name"),
                store::BackupError::Broken { .. } => Term::Error("damaged"),
                store::BackupError::File { .. }
                | store::BackupError::DiskFull { .. }
                | store::BackupError::Store(_) => Term::Error("file_failed"),
            };
            let is_sound = !matches!(error, store::BackupError::Broken { .. } | store::BackupError::Store(_));
            Err(NotDone { reply, message: error.to_string(), changes_nothing: is_sound })
        }
    }
}

pub(super) async fn import<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, NotDone> {
    let line = ProgressLine::new();
    let show = |step, done, total| {
        let what = match step {
            ImportStep::Check => "check",
            ImportStep::Store => "import",
        };
        line.show(what, done, total);
    };
    match called.application.import(path(called), show).await {
        Ok(events) => Ok(counted(events)),
        Err(ImportError::Unavailable(unavailable)) => Err(NotDone::unavailable(called.words, &unavailable)),
        Err(error) => {
            let message = not_imported::<E>(&error);
            let changes_nothing = !matches!(error, ImportError::Stopped { .. });
            let reply = match error {
                ImportError::NotEmpty { .. } => Term::Error("not_empty"),
                ImportError::OpenElsewhere => Term::Error("open_elsewhere"),
                ImportError::File { .. } | ImportError::Unavailable(_) => Term::Error("file_failed"),
                ImportError::Broken { line, problem, .. } => Term::Problem(Box::new(Term::Map(vec![
                    ("line", integer(line)),
                    ("problem", Term::String(problem)),
                ]))),
                ImportError::Stopped { imported, reason, .. } => {
                    let said = vec![("imported", integer(imported)), ("problem", Term::String(reason))];
                    Term::Problem(Box::new(Term::Map(said)))
                }
            };
            Err(NotDone { reply, message, changes_nothing })
        }
    }
}

pub(super) async fn rebuild<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, NotDone> {
    let line = ProgressLine::new();
    match called.application.rebuild(|done, total| line.show("rebuild", done, total)).await {
        Ok(position) => Ok(counted(position.get())),
        Err(error) => {
            let message = format!("{}: the projections were not rebuilt: {error}", called.application.url());
            let reply = match error {
                RebuildError::Store(error) => called.words.unavailable(&error.into()),
                RebuildError::Panicked { .. } => Term::Error("defect"),
                RebuildError::Stopped => Term::Error("not_running"),
            };
            Err(NotDone::new(reply, message))
        }
    }
}

pub(super) async fn export<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, NotDone> {
    let line = ProgressLine::new();
    match called.application.export(path(called), |done, total| line.show("export", done, total)).await {
        Ok(events) => Ok(counted(events)),
        Err(ExportError::Unavailable(unavailable)) => Err(NotDone::unavailable(called.words, &unavailable)),
        Err(error) => {
            let reply = match &error {
                ExportError::FileExists { .. } => Term::Error("file_exists"),
                ExportError::ReservedName { .. } => Term::Error("reserved_name"),
                ExportError::File { .. } | ExportError::Unavailable(_) => Term::Error("file_failed"),
            };
            Err(NotDone { reply, message: error.to_string(), changes_nothing: true })
        }
    }
}

/// The engine does not know what it is of.
fn not_imported<E: StoredEvent>(error: &ImportError) -> String {
    match error {
        ImportError::NotEmpty { events } => {
            format!("events are imported into an empty {} only, and this one has {events}", E::DOMAIN)
        }
        ImportError::OpenElsewhere => {
            format!("another process has this {} open, and would take the events for new ones", E::DOMAIN)
        }
        other => other.to_string(),
    }
}

fn path<'a, E>(called: &Called<'a, E>) -> &'a Path {
    Path::new(called.arguments.get(0).unwrap_or_default())
}

fn counted(events: u64) -> Term {
    Term::Ok(Box::new(Term::Map(vec![("events", integer(events))])))
}
