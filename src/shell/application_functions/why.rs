//! `why`: explains an event by its causes.

use super::{HasApplication, function, integer};
use crate::engine::application::Cause;
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::shell::common_errors::{INVALID_POSITION, NO_EVENT};
use crate::shell::function_table::WIDE;
use crate::shell::functions::{Call, Outcome, Parameter, ParameterKind, Row};
use crate::shell::query_arguments::position_of_event;
use crate::shell::term::{Table, Term};

const POSITION: Parameter = Parameter::needed("position", ParameterKind::Integer);

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("why", &[POSITION, WIDE], "explains an event", "{module}.why 3")
            .group("History")
            .meant_by(&["explain", "cause", "causes"])
            .details(
                "Lists the event at a position, the event that caused its command, and so on, back to the command that was\n\
                 sent from outside. Replies a table.",
            )
            .errors(&[&[INVALID_POSITION, NO_EVENT]]),
        |domain, call| Box::pin(why(domain, call)),
    )
}

async fn why<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let position = position_of_event(&call, POSITION)?;
    let events = application.events(position, 1).await.map_err(|error| D::WORDS.unavailable(&error))?;
    let mut next = events.into_iter().find(|event| event.position == position);
    if next.is_none() {
        return Err(Term::Error(NO_EVENT).into());
    }
    let mut rows = Vec::new();
    while let Some(event) = next {
        let cause = application.cause(&event).await.map_err(|error| D::WORDS.unavailable(&error))?;
        rows.push(explained(&event, &cause));
        next = match cause {
            // A cause comes before its effect. In a damaged log it may not, and following it could loop forever.
            Cause::Event(cause) => (cause.position < event.position).then_some(*cause),
            Cause::Request | Cause::Unknown => None,
        };
    }
    let columns = &["position", "time", "what", "stream", "because", "command_id"];
    Ok(Term::Table(Table { columns: columns.into(), rows }).into())
}

fn explained<E: StoredEvent>(event: &RecordedEvent<E>, cause: &Cause<E>) -> Vec<Term> {
    vec![
        integer(event.position.get()),
        Term::Time(event.time.to_string()),
        Term::String(event.data.title().to_owned()),
        Term::String(event.stream.to_string()),
        Term::String(because(event, cause, |cause| Term::String(cause.stream.to_string()))),
        Term::Id(event.metadata.command_id.to_string()),
    ]
}

/// The cause of an event's command, in words; `whose` names the account or stream of an event.
pub(in crate::shell) fn because<E: StoredEvent>(
    event: &RecordedEvent<E>,
    cause: &Cause<E>,
    whose: impl FnOnce(&RecordedEvent<E>) -> Term,
) -> String {
    match cause {
        Cause::Request => match event.metadata.user() {
            Some(user) => format!("it was asked for by {}", Term::String(user.to_owned())),
            None => "it was asked for".to_owned(),
        },
        Cause::Event(cause) => format!("of {} at {}, {}", cause.data.title(), cause.position, whose(cause)),
        Cause::Unknown => "the log does not say".to_owned(),
    }
}
