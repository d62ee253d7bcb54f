//! `import`: stores the events of an exported file.

use super::file::{FILE, path};
use super::{HasApplication, counted, function, integer};
use crate::engine::application::{ImportError, ImportOptions, ImportStep};
use crate::engine::store::codec::StoredEvent;
use crate::shell::common_errors::{FILE_FAILED, IMPORT_INTO_EVENTS, NO_FILE_NAME, OPEN_ELSEWHERE};
use crate::shell::functions::{Call, NotDone, Outcome, Parameter, ParameterKind, Row};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

const FUTURE: Parameter = Parameter::by_name("future", ParameterKind::Boolean);

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("import", &[FILE, FUTURE], "imports an exported log into an empty {thing}", "{module}.import \"events.jsonl\"")
            .group("Upkeep")
            .details(
                "Times and ids stay the same. The whole file is checked before any event is stored. {imported}\n\
                Events whose times are more than a day ahead of this machine's clock need future: true: all later events\n\
                would get times that are not before them.\n\
                Replies {:ok, %{events: 12}}, or {:error, %{line: 7, problem: \"…\"}} with the first line that is wrong: then\n\
                nothing is stored.",
            )
            .errors(&[&[IMPORT_INTO_EVENTS, FILE_FAILED, OPEN_ELSEWHERE, NO_FILE_NAME]]),
        |domain, call| Box::pin(import(domain, call)),
    )
}

async fn import<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let options = ImportOptions { future: call.optional(FUTURE) == Some("true") };
    let line = ProgressLine::new();
    let show = |step, done, total| {
        let what = match step {
            ImportStep::Check => "check",
            ImportStep::Store => "import",
        };
        line.show(what, done, total);
    };
    match application.import_with(path(&call)?, options, show).await {
        Ok(events) => Ok(counted(events).into()),
        Err(ImportError::Unavailable(unavailable)) => Err(D::WORDS.failed(&unavailable)),
        Err(error) => {
            let message = not_imported::<D::Event>(&error);
            let changes_nothing = !matches!(error, ImportError::Stopped { .. });
            let reply = match error {
                ImportError::NotEmpty { .. } => Term::Error(IMPORT_INTO_EVENTS),
                ImportError::OpenElsewhere => Term::Error(OPEN_ELSEWHERE),
                ImportError::File { .. } | ImportError::Unavailable(_) => Term::Error(FILE_FAILED),
                ImportError::Broken { line, problem, .. } => Term::Problem(Box::new(Term::Map(vec![
                    ("line", integer(line)),
                    ("problem", Term::String(problem)),
                ]))),
                ImportError::Stopped { imported, reason, .. } => {
                    let problem = vec![("imported", integer(imported)), ("problem", Term::String(reason.to_string()))];
                    Term::Problem(Box::new(Term::Map(problem)))
                }
            };
            let not_done = NotDone::failed(reply, message);
            Err(if changes_nothing { not_done.changing_nothing() } else { not_done })
        }
    }
}

/// The message about a failed import. The engine's own does not name the domain.
fn not_imported<E: StoredEvent>(error: &ImportError) -> String {
    match error {
        ImportError::NotEmpty { events } => {
            format!("only an empty {} can import events, and this one has {events}", E::DOMAIN)
        }
        ImportError::OpenElsewhere => {
            format!("another process has this {} open, and would take the events for new ones", E::DOMAIN)
        }
        broken @ (ImportError::File { .. }
        | ImportError::Unavailable(_)
        | ImportError::Broken { .. }
        | ImportError::Stopped { .. }) => broken.to_string(),
    }
}
