//! `verify`: whether everything fits together.

use super::{HasApplication, asked, function, integer};
use crate::engine::store::log_head::LogHead;
use crate::engine::store::{Verification, Verified};
use crate::shell::functions::{Call, NotDone, Outcome, Parameter, ParameterKind, Row};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

/// Where a log ended, as it was noted.
const HEAD: Parameter = Parameter::by_name("head", ParameterKind::Text);

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("verify", &[HEAD], "reads everything and says whether it fits together", "{module}.verify")
            .group("Upkeep")
            .details(asked!(
                "Whether versions have no gaps, positions increase and hashes fit; whether each event can have happened\n\
                after those before it; {holds} and\n\
                whether snapshots and stored projections are what the events make of them. With head: \"12:5c5e…\", as\n\
                {module}.head told it, also whether the log still leads there: one that was rewritten as a whole, or is an\n\
                older copy of itself, fits together and does not.\n\
                Replies {:ok, %{events: 12, streams: 3, snapshots: 0}}, or {:error, %{position: 7, problem: \"…\"}} with the\n\
                first position where something is wrong, nil where that is not in the log itself; {:error, :invalid_head}\n\
                for what {module}.head cannot have told."
            )),
        |domain, call| Box::pin(verify(domain, call)),
    )
}

async fn verify<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let noted = call.optional(HEAD).map(str::parse::<LogHead>).transpose();
    let noted = noted.map_err(|_| Term::Error("invalid_head"))?;
    let progress = ProgressLine::new();
    let line = progress.writer();
    // Whoever tells may do so a little longer than it takes to answer.
    let tell = move |done, total| line.show("verify", done, total);
    let verification = match noted {
        None => application.verify(tell).await,
        Some(noted) => application.verify_head(noted, tell).await,
    };
    match verification.map_err(|error| D::WORDS.failed(&error))? {
        Verification::Whole(Verified { events, streams, snapshots }) => {
            let found = [("events", events), ("streams", streams), ("snapshots", snapshots)];
            Ok(Term::Ok(Box::new(Term::Map(found.map(|(name, count)| (name, integer(count))).into()))).into())
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
