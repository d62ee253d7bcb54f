//! What whoever runs a bank does with it now and then. All of it takes longer the longer the log is.

use super::replies::{failure, integer};
use crate::bank::{Bank, Unavailable, Verification, Verified};
use crate::engine::event::Position;
use crate::engine::projection::RebuildError;
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

/// The reply of a function that could not do its work, and the message that says what and where.
pub(super) struct NotDone {
    pub(super) reply: Term,
    pub(super) message: String,
}

impl From<Unavailable> for NotDone {
    fn from(unavailable: Unavailable) -> Self {
        let message = unavailable.to_string();
        Self { reply: failure(&unavailable.into()), message }
    }
}

pub(super) async fn verify(bank: &Bank) -> Result<Term, NotDone> {
    let line = ProgressLine::new();
    match bank.verify(move |done, total| line.show("verify", done, total)).await? {
        Verification::Whole(Verified { events, streams, snapshots }) => {
            let found = [("events", events), ("streams", streams), ("snapshots", snapshots)];
            Ok(Term::Ok(Box::new(Term::Map(found.map(|(name, count)| (name, integer(count))).into()))))
        }
        Verification::Broken { position, problem } => {
            let at = position.map(|position| format!("broken at position {position}: "));
            let message = format!("{}: {}{problem}", bank.store(), at.unwrap_or_default());
            let position = position.map_or(Term::Nil, |position| integer(position.get()));
            let reply = Term::Map(vec![("position", position), ("problem", Term::String(problem))]);
            Err(NotDone { reply: Term::Problem(Box::new(reply)), message })
        }
    }
}

pub(super) async fn rebuild(bank: &Bank) -> Result<Term, NotDone> {
    let line = ProgressLine::new();
    match bank.rebuild(|done, total| line.show("rebuild", done, total)).await {
        Ok(position) => Ok(up_to(position)),
        Err(error) => {
            let message = format!("{}: the projections were not rebuilt: {error}", bank.store());
            let reply = match error {
                RebuildError::Store(error) => failure(&Unavailable::from(error).into()),
                RebuildError::Panicked { .. } => Term::Error("defect"),
                RebuildError::Stopped => Term::Error("not_running"),
            };
            Err(NotDone { reply, message })
        }
    }
}

fn up_to(position: Position) -> Term {
    Term::Ok(Box::new(Term::Map(vec![("events", integer(position.get()))])))
}
