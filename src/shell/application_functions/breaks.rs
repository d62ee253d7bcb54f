//! `break`, `breaks` and `mend`: what is made to go wrong.

use std::time::Duration;

use super::handler_names::PLACE;
use super::hold::not_done;
use super::{HasApplication, function, integer};
use crate::engine::application::Broken;
use crate::engine::seams::Fault;
use crate::shell::common_errors::{
    CRASHED, DEFECT, DOES_NOT_FIT, INVALID_DELAY, INVALID_TIMES, NO_HANDLER, NOT_RUNNING, OTHER_FAULT, STILL_BUSY,
};
use crate::shell::function_table::WIDE;
use crate::shell::functions::{Call, Outcome, Parameter, ParameterKind, Reply, Row};
use crate::shell::term::{Table, Term};

const FAULT: Parameter =
    Parameter::needed("fault", ParameterKind::Atom(&[FAIL, PANIC, DELAY, DUPLICATE, CRASH, CONFLICT, DISK_FULL]));
const TIMES: Parameter = Parameter::by_name("times", ParameterKind::Integer);
const MS: Parameter = Parameter::by_name("ms", ParameterKind::Integer);
const BEFORE: Parameter = Parameter::by_name("before", ParameterKind::Atom(&["ack"]));

const FAIL: &str = "fail";
const PANIC: &str = "panic";
const DELAY: &str = "delay";
const DUPLICATE: &str = "duplicate";
const CRASH: &str = "crash";
const CONFLICT: &str = "conflict";
const DISK_FULL: &str = "disk_full";

/// The most failures in a row.
const MAX_TIMES: u32 = 1_000;
/// The longest delay, in milliseconds.
const MAX_DELAY: u64 = 60_000;
/// The delay if none is named.
const USUAL_DELAY: u64 = 500;

pub(super) const fn break_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>(
            "break",
            &[PLACE, FAULT, TIMES, MS, BEFORE],
            "injects a fault",
            "{module}.break \"event store\", :conflict",
        )
        .group("Hold and break")
        .meant_by(&["fault", "inject"])
        .details(
            "At an event handler or a process manager, by its name in {module}.handlers: :fail, and its next event fails,\n\
            or with times: 3 fails three times; :panic; :delay, and with ms: 500 each event takes 500 ms longer; :duplicate,\n\
            and its next event is delivered twice; :crash, before: :ack, and the effect of its next event has happened, its\n\
            acknowledgement has not, and its task is dead. A projection can have :panic, :delay and :duplicate.\n\
            At the \"event store\": :conflict, and the next append is answered with a conflict, so that its command is\n\
            decided again; :disk_full, and nothing is stored: each command replies :store_failed; :delay. A disk that is\n\
            really full stops the {called}: nobody knows what of the last command is on it, so that the reply is\n\
            :outcome_unknown, and once there is room the {thing} is closed and opened again. This one is mended.\n\
            One task hands the events to the projections in turn: a delay at one is a delay of all, and of the handlers\n\
            behind them.\n\
            What does not happen once lasts until {module}.mend, or until something else is broken there, which a line\n\
            below the reply says. The whole trace is shown, as {module}.trace :all does it.\n\
            Replies :ok.",
        )
        .errors(&[&[NO_HANDLER, NOT_RUNNING, CRASHED, STILL_BUSY, DOES_NOT_FIT, OTHER_FAULT, INVALID_TIMES, INVALID_DELAY]]),
        |domain, call| Box::pin(break_place(domain, call)),
    )
}

pub(super) const fn breaks_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("breaks", &[WIDE], "lists what is broken", "{module}.breaks")
            .group("Hold and break")
            .details("What was broken with {module}.break, and has not gone wrong as often as it should."),
        |domain, call| Box::pin(breaks(domain, call)),
    )
}

pub(super) const fn mend_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("mend", &[], "mends everything that is broken", "{module}.mend")
            .group("Hold and break")
            .meant_by(&["repair", "heal", "fix"])
            .details(
                "A handler that has crashed begins again, and gets the event that it has not acknowledged.\n\
                Replies :ok.",
            ),
        |domain, call| Box::pin(mend(domain, call)),
    )
}

async fn break_place<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let fault = fault(&call)?;
    call.show_details();
    let replaced = application.break_(call.text(PLACE), fault).await.map_err(not_done)?;
    let notes = replaced.map(|replaced| format!("This replaces what was broken there before: {replaced}."));
    Ok(Reply { notes: notes.into_iter().collect(), ..Term::OK.into() })
}

fn fault(call: &Call<'_>) -> Result<Fault, Term> {
    let kind = call.text(FAULT);
    for (option, kind_with_it) in [(TIMES, FAIL), (MS, DELAY), (BEFORE, CRASH)] {
        if call.optional(option).is_some() && kind != kind_with_it {
            return Err(Term::Error(OTHER_FAULT));
        }
    }
    Ok(match kind {
        FAIL => {
            let times = call.optional(TIMES).map_or(Ok(1), str::parse);
            let times = times.ok().filter(|times| (1..=MAX_TIMES).contains(times));
            Fault::Fail { times: times.ok_or(Term::Error(INVALID_TIMES))? }
        }
        DELAY => {
            let delay = call.optional(MS).map_or(Ok(USUAL_DELAY), str::parse);
            let delay = delay.ok().filter(|delay| (1..=MAX_DELAY).contains(delay));
            Fault::Delay(Duration::from_millis(delay.ok_or(Term::Error(INVALID_DELAY))?))
        }
        PANIC => Fault::Panic,
        DUPLICATE => Fault::Duplicate,
        CRASH => Fault::CrashBeforeAck,
        CONFLICT => Fault::Conflict,
        DISK_FULL => Fault::DiskFull,
        // Cannot happen: the parameter takes no other atom.
        _ => return Err(Term::Error(DEFECT)),
    })
}

async fn breaks<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    let broken = domain.application()?.breaks();
    let row = |Broken { name, fault }: &Broken| {
        let (kind, times, delay) = match fault {
            Fault::Fail { times } => (FAIL, Some(u64::from(*times)), None),
            Fault::Panic => (PANIC, Some(1), None),
            Fault::Duplicate => (DUPLICATE, Some(1), None),
            Fault::Conflict => (CONFLICT, Some(1), None),
            Fault::Delay(delay) => (DELAY, None, u64::try_from(delay.as_millis()).ok()),
            Fault::CrashBeforeAck => (CRASH, None, None),
            Fault::DiskFull => (DISK_FULL, None, None),
        };
        let number = |number: Option<u64>| number.map_or(Term::Nil, integer);
        vec![Term::String(name.clone()), Term::Atom(kind), number(times), number(delay)]
    };
    Ok(Term::Table(Table {
        columns: (&["place", "fault", "times", "ms"]).into(),
        rows: broken.iter().map(row).collect(),
    })
    .into())
}

async fn mend<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    domain.application()?.mend().await;
    Ok(Term::OK.into())
}
