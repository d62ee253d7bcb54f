//! What whoever runs an application does with it now and then. All of it takes longer the longer the log is.

use std::path::Path;

use super::{Called, Words, integer};
use crate::engine::application::{ExportError, Unavailable};
use crate::engine::feed::RebuildError;
use crate::engine::store::stored_event::StoredEvent;
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

fn path<'a, E>(called: &Called<'a, E>) -> &'a Path {
    Path::new(called.arguments.get(0).unwrap_or_default())
}

fn counted(events: u64) -> Term {
    Term::Ok(Box::new(Term::Map(vec![("events", integer(events))])))
}
