//! Handlers and parked events at the prompt.

use super::{Called, integer};
use crate::engine::application::handlers::HandlerReport;
use crate::engine::event_handler::ParkedError;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::Arguments;
use crate::shell::term::{Table, Term};

pub(super) async fn handlers<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, Term> {
    let handlers = called.application.handlers().await.map_err(|error| called.words.unavailable(&error))?;
    let columns = &["handler", "kind", "checkpoint", "behind", "attempts", "next_attempt", "parked", "last_error"];
    let row = |HandlerReport { status, behind, parked }: &HandlerReport| {
        let condition = &status.condition;
        let text = |text: &String| Term::String(text.clone());
        let next = match condition.next_attempt {
            _ if condition.stopped => Term::String("never: it has stopped".to_owned()),
            _ if condition.elsewhere => Term::String("in another program".to_owned()),
            Some(time) => Term::String(time.to_string()),
            None => Term::Nil,
        };
        vec![
            Term::String(status.name.to_owned()),
            Term::String(status.kind.to_string()),
            integer(status.checkpoint.get()),
            integer(*behind),
            integer(condition.attempts.into()),
            next,
            integer(*parked as u64),
            condition.last_error.as_ref().map_or(Term::Nil, text),
        ]
    };
    Ok(Term::Table(Table { columns, rows: handlers.iter().map(row).collect() }))
}

pub(super) async fn parked<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, Term> {
    let parked = called.application.parked().await.map_err(|error| called.words.unavailable(&error))?;
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
    Ok(Term::Table(Table { columns, rows: rows.collect() }))
}

pub(super) async fn retry<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, Term> {
    done(called.application.retry_parked(number(called.arguments)?).await)
}

pub(super) async fn skip<E: StoredEvent>(called: &Called<'_, E>) -> Result<Term, Term> {
    done(called.application.skip_parked(number(called.arguments)?).await)
}

fn number(arguments: &Arguments) -> Result<u64, Term> {
    let number = arguments.get(0).and_then(|digits| digits.parse().ok());
    number.ok_or(Term::Error("not_parked"))
}

fn done(outcome: Result<(), ParkedError>) -> Result<Term, Term> {
    match outcome {
        Ok(()) => Ok(Term::OK),
        Err(ParkedError::NotParked) => Err(Term::Error("not_parked")),
        Err(ParkedError::FailedAgain { .. }) => Err(Term::Error("failed_again")),
        Err(ParkedError::NotRunning) => Err(Term::Error("not_running")),
        Err(ParkedError::Store(_)) => Err(Term::Error("store_failed")),
    }
}
