//! `parked`, and `retry` and `skip`, which act on an event that is.

use super::{HasApplication, asked, function, integer};
use crate::engine::domain::DomainEvent as _;
use crate::engine::event_handler::ParkedError;
use crate::shell::functions::{Call, Outcome, Parameter, ParameterKind, Row};
use crate::shell::term::{Table, Term};

/// The number that a parked event is known by.
const NUMBER: Parameter = Parameter::needed("number", ParameterKind::Integer);

pub(super) const fn parked_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("parked", &[], "lists the events that handlers have set aside", "{module}.parked")
            .group("Handlers")
            .details(asked!(
                "An event that a handler kept failing on is parked, and the handler goes on with the next."
            )),
        |domain, call| Box::pin(parked(domain, call)),
    )
}

pub(super) const fn retry_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("retry", &[NUMBER], "calls the handler with a parked event again", "{module}.retry 4")
            .group("Handlers")
            .details(asked!(
                "The number is the one in {module}.parked. Replies :ok, {:error, :failed_again}, {:error, :not_parked} or\n\
                {:error, :not_running}."
            )),
        |domain, call| Box::pin(retry(domain, call)),
    )
}

pub(super) const fn skip_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("skip", &[NUMBER], "gives a parked event up", "{module}.skip 4").group("Handlers").details(
            asked!(
                "The handler is not called with it any more. Replies :ok, {:error, :not_parked} or\n\
                {:error, :not_running}."
            ),
        ),
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
            Term::String(parked.time.to_string()),
            Term::String(parked.reason.clone()),
        ]
    });
    Ok(Term::Table(Table { columns, rows: rows.collect() }).into())
}

async fn retry<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    done(domain.application()?.retry_parked(number(&call)?).await)
}

async fn skip<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    done(domain.application()?.skip_parked(number(&call)?).await)
}

fn number(call: &Call<'_>) -> Result<u64, Term> {
    call.text(NUMBER).parse().map_err(|_| Term::Error("not_parked"))
}

fn done(outcome: Result<(), ParkedError>) -> Outcome {
    match outcome {
        Ok(()) => Ok(Term::OK.into()),
        Err(ParkedError::NotParked) => Err(Term::Error("not_parked").into()),
        Err(ParkedError::FailedAgain { .. }) => Err(Term::Error("failed_again").into()),
        Err(ParkedError::NotRunning) => Err(Term::Error("not_running").into()),
        Err(ParkedError::Store(_)) => Err(Term::Error("store_failed").into()),
    }
}
