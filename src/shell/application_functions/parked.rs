//! `parked`, `retry` and `skip`: parked events.

use super::{HasApplication, function, integer};
use crate::engine::domain::DomainEvent as _;
use crate::engine::event_handler::ParkedError;
use crate::shell::common_errors::{FAILED_AGAIN, NOT_PARKED, NOT_RUNNING, STORE_FAILED};
use crate::shell::function_table::WIDE;
use crate::shell::functions::{Call, Outcome, Parameter, ParameterKind, Row};
use crate::shell::term::{Table, Term};

/// The number of a parked event.
pub(super) const NUMBER: Parameter = Parameter::needed("number", ParameterKind::Integer);

pub(super) const fn parked_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("parked", &[WIDE], "lists parked events", "{module}.parked")
            .group("Handlers")
            .details(
                "A handler parks an event on which it kept failing, and goes on with the next. A fork lists what was parked\n\
                there: what was parked before it began is dealt with where that was.",
            ),
        |domain, call| Box::pin(parked(domain, call)),
    )
}

pub(super) const fn retry_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("retry", &[NUMBER], "retries a parked event", "{module}.retry 4")
            .group("Handlers")
            .details(
                "Calls the handler with the event again. {module}.parked shows the number.\n\
                Replies :ok.",
            )
            .errors(&[&[FAILED_AGAIN, NOT_PARKED, NOT_RUNNING]]),
        |domain, call| Box::pin(retry(domain, call)),
    )
}

pub(super) const fn skip_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("skip", &[NUMBER], "gives up a parked event", "{module}.skip 4")
            .group("Handlers")
            .ending()
            .details(
                "The handler never gets the event again, and what it had yet to do with it is never done. A process manager\n\
                may end what the event began instead, so that nothing stays half done. {module}.retry has the event handled.\n\
                Replies :ok.",
            )
            .errors(&[&[FAILED_AGAIN, NOT_PARKED, NOT_RUNNING]]),
        |domain, call| Box::pin(skip(domain, call)),
    )
}

async fn parked<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    let parked = domain.application()?.parked().await.map_err(|error| D::WORDS.unavailable(&error))?;
    let columns = &["number", "handler", "position", "event", "attempts", "time", "reason"];
    let rows = parked.iter().map(|(parked, event)| {
        let title = |title: &str| Term::String(title.to_owned());
        vec![
            integer(parked.number),
            Term::String(parked.handler.clone()),
            integer(parked.position.get()),
            event.as_ref().map_or(Term::Nil, |event| title(event.data.title())),
            integer(parked.attempts.into()),
            Term::Time(parked.time.to_string()),
            Term::String(parked.reason.clone()),
        ]
    });
    Ok(Term::Table(Table { columns: columns.into(), rows: rows.collect() }).into())
}

async fn retry<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    done(domain.application()?.retry_parked(number(&call)?).await)
}

async fn skip<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    done(domain.application()?.skip_parked(number(&call)?).await)
}

fn number(call: &Call<'_>) -> Result<u64, Term> {
    call.text(NUMBER).parse().map_err(|_| Term::Error(NOT_PARKED))
}

fn done(outcome: Result<(), ParkedError>) -> Outcome {
    match outcome {
        Ok(()) => Ok(Term::OK.into()),
        Err(ParkedError::NotParked) => Err(Term::Error(NOT_PARKED).into()),
        Err(ParkedError::FailedAgain { .. }) => Err(Term::Error(FAILED_AGAIN).into()),
        Err(ParkedError::NotRunning) => Err(Term::Error(NOT_RUNNING).into()),
        Err(ParkedError::Store(_)) => Err(Term::Error(STORE_FAILED).into()),
    }
}
