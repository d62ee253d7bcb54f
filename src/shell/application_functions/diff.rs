//! `diff`: compares what two histories have come to.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cascade::target;
use super::fork_name::{FORK, MAIN};
use super::forks::common_end;
use super::parting::{Parting, Side, parting};
use super::{HasApplication, ShownEvent, Standing, function};
use crate::engine::application::{Application, Unavailable};
use crate::engine::feed::checkpoints::{HandlerKind, HandlerStatus};
use crate::engine::log::{Position, StreamId};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, LogPages};
use crate::shell::common_errors::{NO_FORK, WHICH_FORK};
use crate::shell::functions::{Call, Outcome, Parameter, Reply, Row};
use crate::shell::term::{Table, Term};

const OTHER: Parameter = Parameter { optional: true, ..FORK };

/// The most streams that are compared.
const MOST_STREAMS: usize = 10_000;

/// How long a comparison waits for process managers that have something left to do.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The column that says what of a stream differs.
const WHAT: &str = "what";

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("diff", &[OTHER], "compares this history with another", "{module}.diff")
            .group("Forks")
            .meant_by(&["compare"])
            .details(
                "Compares the fork that statements go to with another one, or with main; main with a fork, which may be left\n\
                out where there is one only. Lists what differs of what the two come to at their ends, if anything does; where\n\
                different things differ, a column says which. It is folded from the log where a projection is held, and a line\n\
                says so. Names the position at which the histories part: an event that is in both with another time only, as\n\
                what was under way has gone on in the fork too, is the same there.\n\
                Replies a table.",
            )
            .errors(&[&[NO_FORK, WHICH_FORK]]),
        |domain, call| Box::pin(diff(domain, call)),
    )
}

async fn diff<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let here = current::<D>(domain)?;
    let there = other::<D>(domain, &call, &here.name)?;
    let Some(common) = common_end(&here.path, &there.path) else { return Err(Term::Error(WHICH_FORK).into()) };
    // Main comes first, and otherwise the one that was asked for.
    let sides = if here.name == MAIN { [here, there] } else { [there, here] };
    let unavailable = |error| D::WORDS.unavailable(&error);
    let mut ends = [Position::START; 2];
    for (side, end) in sides.iter().zip(&mut ends) {
        *end = settled_end(&side.application).await.map_err(unavailable)?;
    }
    let Parting { common, told } = parting(&sides, common, ends).await.map_err(unavailable)?;
    let mut streams = BTreeSet::new();
    let mut are_all = true;
    for (side, end) in sides.iter().zip(ends) {
        are_all &= between(&side.application, common, end, &mut streams).await.map_err(unavailable)?;
    }
    let mut differences = Vec::new();
    for stream in &streams {
        let [one, other] = &sides;
        let one =
            D::Event::standing(&one.application, stream, ends[0]).await.map_err(|error| D::WORDS.no_answer(error))?;
        let other =
            D::Event::standing(&other.application, stream, ends[1]).await.map_err(|error| D::WORDS.no_answer(error))?;
        differences.extend(compared(stream, one, other));
    }
    let is_same = common == ends[0] && common == ends[1];
    let mut notes = vec![told];
    for (side, end) in sides.iter().zip(ends) {
        notes.extend(held_behind(side, end).await.map_err(unavailable)?);
    }
    if !are_all {
        notes.push(format!("Only {MOST_STREAMS} of those that have changed are compared."));
    }
    if differences.is_empty() && !call.as_json() {
        let text = if is_same { "Nothing differs." } else { "What they come to is the same." };
        return Ok(Reply { notes, ..Term::Text(text.to_owned()).into() });
    }
    Ok(Reply { notes, ..table::<D>(sides, differences, call.as_json()).into() })
}

/// Where a history ends, once its process managers have dealt with what is in it.
async fn settled_end<E: StoredEvent>(application: &Application<E>) -> Result<Position, Unavailable> {
    application.finish_what_is_under_way(LONGEST_WAIT).await?;
    let end = application.store().end().await;
    application.or_unavailable(end).await
}

/// Says which projections of a history are held behind its end: they answer otherwise than what is compared.
async fn held_behind<E: StoredEvent>(
    Side { name, application, .. }: &Side<E>,
    end: Position,
) -> Result<Vec<String>, Unavailable> {
    let handlers = application.handlers().await?;
    let held = handlers
        .into_iter()
        .map(|handler| handler.status)
        .filter(|status| status.is_held && status.kind == HandlerKind::Projection && status.checkpoint < end);
    let told = |status: HandlerStatus| {
        let HandlerStatus { name: held, checkpoint, .. } = status;
        format!("{held} is held at position {checkpoint} in {name}, and what is compared is of position {end}.")
    };
    Ok(held.map(told).collect())
}

/// What of a stream differs.
struct Difference {
    stream: Term,
    what: &'static str,
    /// Whether it is the first thing that is said of a stream.
    is_first: bool,
    sides: [Term; 2],
}

/// What differs of a stream. Where one history does not have it, the first thing that is said of it.
fn compared(stream: &StreamId, one: Standing, other: Standing) -> Vec<Difference> {
    let (all, is_in_both) = (if one.is_empty() { &other } else { &one }, !one.is_empty() && !other.is_empty());
    let compared = if is_in_both { all.len() } else { all.len().min(1) };
    let said = |standing: &Standing, index: usize| standing.get(index).map_or(Term::Nil, |(_, term)| term.clone());
    let differences = all[..compared].iter().enumerate().filter_map(|(index, (what, _))| {
        let sides = [said(&one, index), said(&other, index)];
        let stream = Term::String(target(stream));
        (sides[0].to_string() != sides[1].to_string()).then_some(Difference {
            stream,
            what,
            is_first: index == 0,
            sides,
        })
    });
    differences.collect()
}

/// The differences as a table, which says what differs where that is not the first thing that is said of a stream.
fn table<D: HasApplication>(sides: [Side<D::Event>; 2], differences: Vec<Difference>, names_what: bool) -> Term {
    let names_what = names_what || differences.iter().any(|difference| !difference.is_first);
    let what = names_what.then(|| WHAT.to_owned());
    let names = sides.map(|side| side.name);
    let columns = std::iter::once(D::STREAM.name.to_owned()).chain(what).chain(names).collect();
    let row = |Difference { stream, what, sides, .. }: Difference| {
        let what = names_what.then(|| Term::String(what.to_owned()));
        std::iter::once(stream).chain(what).chain(sides).collect()
    };
    Term::Table(Table { columns, rows: differences.into_iter().map(row).collect() })
}

fn current<D: HasApplication>(domain: &D) -> Result<Side<D::Event>, Term> {
    let application = domain.application()?;
    Ok(match domain.forks().current_fork() {
        Some(fork) => Side::new(fork.name, fork.path, &application),
        None => Side::new(MAIN.to_owned(), Vec::new(), &application),
    })
}

/// The history that the call names, or that can only be meant.
fn other<D: HasApplication>(domain: &D, call: &Call<'_>, here: &str) -> Result<Side<D::Event>, Term> {
    let forks = domain.forks();
    let name = match call.optional(OTHER) {
        Some(name) if name == here => return Err(Term::Error(WHICH_FORK)),
        Some(name) => name.to_owned(),
        None if here != MAIN => MAIN.to_owned(),
        None => match forks.all().as_slice() {
            [only] => only.name.clone(),
            _ => return Err(Term::Error(WHICH_FORK)),
        },
    };
    if name == MAIN {
        return Ok(Side::new(name, Vec::new(), &domain.main()?));
    }
    let fork = forks.named(&name).ok_or(Term::Error(NO_FORK))?;
    Ok(Side::new(name, fork.path, &fork.application))
}

/// Adds the streams of the events after a position and up to another. Returns whether these are all.
async fn between<E: StoredEvent>(
    application: &Application<E>,
    after: Position,
    end: Position,
    streams: &mut BTreeSet<StreamId>,
) -> Result<bool, Unavailable> {
    let mut pages = LogPages::between(application.store(), after, end);
    while let Some(page) = application.or_unavailable(pages.next().await).await? {
        for event in page.iter() {
            if !streams.contains(&event.stream) {
                if streams.len() == MOST_STREAMS {
                    return Ok(false);
                }
                streams.insert(event.stream.clone());
            }
        }
    }
    Ok(true)
}
