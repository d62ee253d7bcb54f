//! `verify`: checks that everything stored is consistent.

use super::{HasApplication, function, integer};
use crate::engine::store::log_head::LogHead;
use crate::engine::store::{Verification, Verified};
use crate::shell::common_errors::INVALID_HEAD;
use crate::shell::functions::{Call, NotDone, Outcome, Parameter, ParameterKind, Row};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

/// A head that was noted earlier.
const HEAD: Parameter = Parameter::by_name("head", ParameterKind::Text);

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("verify", &[HEAD], "checks that everything stored is consistent", "{module}.verify")
            .group("Upkeep")
            .meant_by(&["audit", "validate"])
            .details(
                "Checks that versions have no gaps, positions increase and hashes match; that each event could happen after\n\
                those before it; {holds} and\n\
                that snapshots and stored projections are what the events fold to; on a cluster, also that each commit of\n\
                the log is as in its replica. With head: \"12:5c5e…\", as {module}.head showed it, also checks that the\n\
                log still contains that head: a log that was rewritten as a whole, or replaced by an older copy, is\n\
                consistent in itself.\n\
                Replies {:ok, %{events: 12, streams: 3, snapshots: 0}}, or {:error, %{position: 7, problem: \"…\"}} with the\n\
                first position that is wrong, or nil if the problem is not in the log itself.",
            )
            .errors(&[&[INVALID_HEAD]]),
        |domain, call| Box::pin(verify(domain, call)),
    )
}

async fn verify<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let noted = call.optional(HEAD).map(str::parse::<LogHead>).transpose();
    let noted = noted.map_err(|_| Term::Error(INVALID_HEAD))?;
    let progress = ProgressLine::new();
    let line = progress.writer();
    // A writer of its own: the verifying thread may report a little longer than this call lasts.
    let report = move |done, total| line.show("verify", done, total);
    let verification = match noted {
        None => application.verify(report).await,
        Some(noted) => application.verify_head(noted, report).await,
    };
    match verification.map_err(|error| D::WORDS.failed(&error))? {
        Verification::Whole(Verified { events, streams, snapshots }) => {
            let counts = [("events", events), ("streams", streams), ("snapshots", snapshots)];
            Ok(Term::Ok(Box::new(Term::Map(counts.map(|(name, count)| (name, integer(count))).into()))).into())
        }
        Verification::Broken { position, problem } => {
            let at = position.map(|position| format!("broken at position {position}: "));
            let message = format!("{}: {}{problem}", application.url(), at.unwrap_or_default());
            let position = position.map_or(Term::Nil, |position| integer(position.get()));
            let reply = Term::Map(vec![("position", position), ("problem", Term::String(problem))]);
            Err(NotDone::failed(Term::Problem(Box::new(reply)), message))
        }
    }
}
