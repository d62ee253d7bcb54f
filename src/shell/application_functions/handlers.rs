//! `handlers`: shows the state of projections, event handlers and process managers.

use super::{HasApplication, function, integer};
use crate::engine::application::handlers::HandlerReport;
use crate::engine::feed::checkpoints::{HandlerState, HandlerStatus};
use crate::shell::function_table::WIDE;
use crate::shell::functions::{Call, Outcome, Row};
use crate::shell::term::{Table, Term};

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("handlers", &[WIDE], "shows the state of each handler", "{module}.handlers")
            .group("Handlers")
            .meant_by(&["status", "state", "progress", "lag", "projections"])
            .details(
                "For each handler: its checkpoint (the last event it acknowledged), how many events it is behind the log,\n\
                how often it has tried the next event and when it tries again, how many events it has parked, and its\n\
                last error. They are those of this program: one that was opened without a handler does not list it."
),
        |domain, call| Box::pin(handlers(domain, call)),
    )
}

async fn handlers<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    let handlers = domain.application()?.handlers().await.map_err(|error| D::WORDS.unavailable(&error))?;
    let columns = &["handler", "kind", "checkpoint", "behind", "attempts", "next_attempt", "parked", "last_error"];
    let row = |HandlerReport { status, behind, parked }: &HandlerReport| {
        let condition = &status.condition;
        let text = |text: &String| Term::String(text.clone());
        vec![
            Term::String(status.name.to_owned()),
            Term::String(status.kind.to_string()),
            integer(status.checkpoint.get()),
            integer(*behind),
            integer(condition.attempts.into()),
            next_attempt(status),
            integer(*parked as u64),
            condition.last_error.as_ref().map_or(Term::Nil, text),
        ]
    };
    Ok(Term::Table(Table { columns: columns.into(), rows: handlers.iter().map(row).collect() }).into())
}

/// When a handler tries its next event again, or why it does not.
pub(super) fn next_attempt(status: &HandlerStatus) -> Term {
    match status.condition.state {
        HandlerState::Running | HandlerState::WaitingToRetry { .. } if status.is_held => {
            Term::String("held".to_owned())
        }
        HandlerState::Running => Term::Nil,
        HandlerState::WaitingToRetry { at } => Term::Time(at.to_string()),
        HandlerState::Stopped => Term::String("never: it has stopped".to_owned()),
        HandlerState::RunningElsewhere => Term::String("in another program".to_owned()),
        HandlerState::Crashed => Term::String("never: it has crashed".to_owned()),
    }
}
