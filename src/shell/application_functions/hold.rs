//! `hold`, `step` and `release`: handlers that are held.

use super::handler_names::{EVENTS, HANDLER, OPTIONAL_HANDLER};
use super::{HasApplication, function, integer};
use crate::engine::application::{Held, Released, SeamError};
use crate::engine::store::EventStore as _;
use crate::shell::common_errors::{
    CRASHED, DOES_NOT_FIT, INVALID_STEP, NO_HANDLER, NOT_HELD, NOT_RUNNING, NOTHING_LEFT, STILL_BUSY,
};
use crate::shell::function_table::WIDE;
use crate::shell::functions::{Call, Outcome, Reply, Row};
use crate::shell::term::{Table, Term};

/// The most events of one step.
const MAX_STEP: u64 = 100_000;

pub(super) const fn hold_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("hold", &[OPTIONAL_HANDLER, WIDE], "holds a handler, or lists those that are held", "{module}.hold \"{handler}\"")
            .group("Hold and break")
            .meant_by(&["pause", "stop"])
            .details(
                "Any projection, event handler or process manager, by its name in {module}.handlers. It gets no event until\n\
                {module}.step gives it one, or {module}.release all. Nobody waits for it: the reply to a command says that it\n\
                lags, as in {:ok, %{committed: 2, lagging: [\"{handler}\"]}}, and a question is answered from what it has,\n\
                with a line that says where it is held. A handler that reads a held projection waits with it. The prompt\n\
                says what is held. Closing releases it: in a file it keeps its place, and goes on from there at the next\n\
                open. The first hold, step or break shows the whole trace, as {module}.trace :all does.\n\
                Replies :ok. Without a handler, replies a table of those that are held.",
            )
            .errors(&[&[NO_HANDLER, NOT_RUNNING, STILL_BUSY]]),
        |domain, call| Box::pin(hold(domain, call)),
    )
}

pub(super) const fn step_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("step", &[HANDLER, EVENTS], "gives a held handler its next event, or more", "{module}.step \"{handler}\", 3")
            .group("Hold and break")
            .meant_by(&["next"])
            .details(
                "Waits until the handler has dealt with it: acknowledged it, at whatever attempt, or parked it. Events that\n\
                the handler does not want do not count.\n\
                Replies :ok, or {:ok, %{events: 2}} if there were fewer.",
            )
            .errors(&[&[NO_HANDLER, NOT_HELD, NOTHING_LEFT, CRASHED, STILL_BUSY, NOT_RUNNING, INVALID_STEP]]),
        |domain, call| Box::pin(step(domain, call)),
    )
}

pub(super) const fn release_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("release", &[HANDLER], "lets a held handler go on", "{module}.release \"{handler}\"")
            .group("Hold and break")
            .meant_by(&["resume", "continue"])
            .details("It gets every event that it has missed, in order. Waits for that, at most 5 s. A line says so if it crashes\n\
                meanwhile.\n\
                Replies :ok.")
            .errors(&[&[NO_HANDLER, NOT_HELD, NOT_RUNNING, STILL_BUSY]]),
        |domain, call| Box::pin(release(domain, call)),
    )
}

async fn hold<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    if let Some(handler) = call.optional(OPTIONAL_HANDLER) {
        call.show_details();
        application.hold(handler).await.map_err(not_done)?;
        return Ok(Term::OK.into());
    }
    let end = application.store().end().await;
    let end = application.or_unavailable(end).await.map_err(|error| D::WORDS.unavailable(&error))?;
    let held = application.seams().held();
    let row = |held: &Held| {
        let behind = end.get().saturating_sub(held.checkpoint.get());
        vec![Term::String(held.name.to_owned()), integer(held.checkpoint.get()), integer(behind)]
    };
    Ok(Term::Table(Table { columns: (&["handler", "held_at", "behind"]).into(), rows: held.iter().map(row).collect() })
        .into())
}

async fn step<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let events = match call.optional(EVENTS).map(str::parse::<u64>) {
        None => 1,
        Some(Ok(events)) if (1..=MAX_STEP).contains(&events) => events,
        Some(_) => return Err(Term::Error(INVALID_STEP).into()),
    };
    call.show_details();
    let stepped = application.step(call.text(HANDLER), events).await.map_err(not_done)?;
    if stepped.events == events {
        return Ok(Term::OK.into());
    }
    Ok(super::counted(stepped.events).into())
}

async fn release<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let handler = call.text(HANDLER);
    let notes = match domain.application()?.release(handler).await.map_err(not_done)? {
        Released::GoesOn => Vec::new(),
        Released::HasCrashed => {
            vec![format!("{handler} is held no longer, and has crashed: {}.mend lets it begin again.", D::WORDS.module)]
        }
    };
    Ok(Reply { notes, ..Term::OK.into() })
}

/// The reply when nothing was held, stepped, released or broken.
pub(super) fn not_done(error: SeamError) -> Term {
    Term::Error(match error {
        SeamError::NoHandler { .. } => NO_HANDLER,
        SeamError::NotRunning => NOT_RUNNING,
        SeamError::Crashed => CRASHED,
        SeamError::NotHeld => NOT_HELD,
        SeamError::NothingLeft => NOTHING_LEFT,
        SeamError::StillBusy => STILL_BUSY,
        SeamError::DoesNotFit { .. } => DOES_NOT_FIT,
    })
}
