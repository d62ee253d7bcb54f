//! What whoever runs a bank does with it now and then. All of it takes longer the longer the log is.

use std::path::Path;

use super::failures::WORDS;
use crate::bank::{
    BackupError, BackupStep, Bank, ImportError, ImportStep, LogHead, Unavailable, Verification, Verified,
};
use crate::engine::store::sqlite;
use crate::shell::application_functions::{NotDone, integer};
use crate::shell::functions::{Arguments, Function};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

pub(super) async fn verify(bank: &Bank, function: &Function, arguments: &Arguments) -> Result<Term, NotDone> {
    let Ok(noted) = arguments.named(function, "head").map(str::parse::<LogHead>).transpose() else {
        return Ok(Term::Error("invalid_head"));
    };
    let progress = ProgressLine::new();
    let line = progress.line();
    // Whoever tells may do so a little longer than it takes to answer.
    let tell = move |done, total| line.show("verify", done, total);
    let verification = match noted {
        None => bank.verify(tell).await.map_err(stopped)?,
        Some(noted) => bank.verify_head(noted, tell).await.map_err(stopped)?,
    };
    match verification {
        Verification::Whole(Verified { events, streams, snapshots }) => {
            let found = [("events", events), ("streams", streams), ("snapshots", snapshots)];
            Ok(Term::Ok(Box::new(Term::Map(found.map(|(name, count)| (name, integer(count))).into()))))
        }
        Verification::Broken { position, problem } => {
            let at = position.map(|position| format!("broken at position {position}: "));
            let message = format!("{}: {}{problem}", bank.url(), at.unwrap_or_default());
            let position = position.map_or(Term::Nil, |position| integer(position.get()));
            let reply = Term::Map(vec![("position", position), ("problem", Term::String(problem))]);
            Err(NotDone::new(Term::Problem(Box::new(reply)), message))
        }
    }
}

pub(super) async fn backup(bank: &Bank, arguments: &Arguments) -> Result<Term, NotDone> {
    let progress = ProgressLine::new();
    let line = progress.line();
    let path = Path::new(arguments.get(0).unwrap_or_default());
    let show = move |step, done, total| match step {
        BackupStep::Copy => line.show_pages("backup", done, total),
        BackupStep::Store => line.show("backup", done, total),
        BackupStep::Check => line.show("check", done, total),
    };
    match bank.backup(path, show).await {
        Ok(_) => Ok(Term::OK),
        Err(BackupError::Unavailable(unavailable)) => Err(NotDone::unavailable(&WORDS, &unavailable)),
        Err(BackupError::File(error)) => {
            let reply = match &error {
                sqlite::BackupError::FileExists { .. } => Term::Error("file_exists"),
                sqlite::BackupError::LeftOver { .. } => Term::Error("left_over"),
                sqlite::BackupError::ReservedName { .. } => Term::Error("reserved_name"),
                sqlite::BackupError::Broken { .. } => Term::Error("damaged"),
                sqlite::BackupError::File { .. }
                | sqlite::BackupError::DiskFull { .. }
                | sqlite::BackupError::Store(_) => Term::Error("file_failed"),
            };
            let is_sound = !matches!(error, sqlite::BackupError::Broken { .. } | sqlite::BackupError::Store(_));
            Err(NotDone { reply, message: error.to_string(), changes_nothing: is_sound })
        }
    }
}

pub(super) async fn import(bank: &Bank, arguments: &Arguments) -> Result<Term, NotDone> {
    let line = ProgressLine::new();
    let path = Path::new(arguments.get(0).unwrap_or_default());
    let show = |step, done, total| {
        let what = match step {
            ImportStep::Check => "check",
            ImportStep::Store => "import",
        };
        line.show(what, done, total);
    };
    match bank.import(path, show).await {
        Ok(events) => Ok(counted(events)),
        Err(ImportError::Unavailable(unavailable)) => Err(NotDone::unavailable(&WORDS, &unavailable)),
        Err(error) => {
            let message = error.to_string();
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

fn stopped(unavailable: Unavailable) -> NotDone {
    NotDone::unavailable(&WORDS, &unavailable)
}

fn counted(events: u64) -> Term {
    Term::Ok(Box::new(Term::Map(vec![("events", integer(events))])))
}
