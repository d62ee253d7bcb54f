//! `fork`: goes on from a position on a history of its own.

use super::fork_name::new_name;
use super::forks::MOST_FORKS;
use super::{HasApplication, function, not_started};
use crate::engine::application::{Application, QueryError};
use crate::engine::feed::checkpoints::{HandlerStatus, MAX_WAIT};
use crate::engine::log::Position;
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::ParkedEvent;
use crate::shell::common_errors::{FORK_EXISTS, INVALID_FORK_NAME, INVALID_POSITION, TOO_MANY_FORKS};
use crate::shell::error_reason::ErrorReason;
use crate::shell::function_table::AT;
use crate::shell::functions::{Call, Outcome, Reply, Row};
use crate::shell::term::Term;

/// The errors of the function in any domain.
const ERRORS: &[ErrorReason] = &[FORK_EXISTS, INVALID_FORK_NAME, TOO_MANY_FORKS, INVALID_POSITION];

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("fork", D::FORK_PARAMETERS, "tries another history", "{module}.fork \"what if\", at: 3")
            .group("Forks")
            .meant_by(&["branch", "clone", "what_if"])
            .details(D::FORK_DETAILS)
            .errors(const { &[ERRORS, D::FORK_ERRORS] }),
        |domain, call| Box::pin(fork(domain, call)),
    )
}

/// Makes a fork of what calls go to, and goes on with it.
async fn fork<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let name = new_name(&call)?;
    if domain.forks().named(name).is_some() {
        return Err(Term::Error(FORK_EXISTS).into());
    }
    if domain.forks().all().len() >= MOST_FORKS {
        return Err(Term::Error(TOO_MANY_FORKS).into());
    }
    let at = match call.optional(AT).map(str::parse) {
        None => None,
        Some(Ok(position)) => Some(Position::new(position)),
        Some(Err(_)) => return Err(Term::Error(INVALID_POSITION).into()),
    };
    let at = match at {
        Some(at) => at,
        None => end(&application).await.map_err(|error| D::WORDS.no_answer(error))?,
    };
    let parked = application.parked().await.map_err(|error| D::WORDS.failed(&error))?;
    let built = application.fork_without(Some(at), D::ONLY_ASKED_FOR).await;
    let builder = domain.add_to_fork(built.map_err(|error| D::WORDS.no_answer(error))?, &call)?;
    let fork = Box::pin(builder.start()).await.map_err(not_started)?;
    fork.name_refusals(D::name_of_refusal);
    let unavailable = |error| D::WORDS.failed(&error);
    fork.finish_what_is_under_way(MAX_WAIT).await.map_err(unavailable)?;
    let mut notes = Vec::new();
    let off = off(&application, &fork);
    if !off.is_empty() {
        notes.push(format!("Off in this fork: {}.", off.join(", ")));
    }
    let parked = parked.into_iter().map(|(parked, _)| parked).filter(|parked| parked.position <= at);
    let left: Vec<_> = parked.filter(|parked| runs(&fork, &parked.handler)).map(|parked| in_words(&parked)).collect();
    if !left.is_empty() {
        notes.push(format!("Parked where this fork begins, and handled by nobody in it: {}.", shortened(&left)));
    }
    let end = end(&fork).await.map_err(|error| D::WORDS.no_answer(error))?;
    if end > at {
        notes.push(format!("What was under way has gone on: the fork ends at position {end}."));
    }
    domain.forks().add(name, at, fork);
    domain.switched()?;
    let term = Term::Ok(Box::new(Term::Opaque(format!("#Fork<{name} at {at}>"))));
    Ok(Reply { notes, ..term.into() })
}

async fn end<E: StoredEvent>(application: &Application<E>) -> Result<Position, QueryError> {
    let end = application.store().end().await;
    Ok(application.or_unavailable(end).await?)
}

fn in_words(ParkedEvent { handler, position, .. }: &ParkedEvent) -> String {
    format!("{handler} at {position}")
}

/// As many as a line has room for.
fn shortened(all: &[String]) -> String {
    const MOST: usize = 5;
    match all.split_at_checked(MOST) {
        Some((first, more)) if !more.is_empty() => format!("{} and {} more", first.join(", "), more.len()),
        _ => all.join(", "),
    }
}

fn runs<E: StoredEvent>(fork: &Application<E>, handler: &str) -> bool {
    fork.checkpoints().handlers().iter().any(|running| running.name == handler)
}

/// The handlers of an application that a fork of it does not have.
fn off<E: StoredEvent>(application: &Application<E>, fork: &Application<E>) -> Vec<&'static str> {
    let names = |handlers: Vec<HandlerStatus>| handlers.into_iter().map(|handler| handler.name);
    let on: Vec<_> = names(fork.checkpoints().handlers()).collect();
    names(application.checkpoints().handlers()).filter(|name| !on.contains(name)).collect()
}
