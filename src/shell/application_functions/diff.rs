//! `diff`: compares what two histories have come to.

use std::collections::BTreeSet;

use super::cascade::target;
use super::fork_name::{FORK, MAIN};
use super::forks::common_end;
use super::{HasApplication, function};
use crate::engine::application::{Application, Unavailable};
use crate::engine::log::{Position, RecordedEvent, StreamId};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, LogPages};
use crate::shell::common_errors::{NO_FORK, WHICH_FORK};
use crate::shell::functions::{Call, Outcome, Parameter, Reply, Row};
use crate::shell::term::{Table, Term};

const OTHER: Parameter = Parameter { optional: true, ..FORK };

/// The most streams that are compared.
const MOST_STREAMS: usize = 10_000;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("diff", &[OTHER], "compares this history with another", "{module}.diff")
            .group("Forks")
            .meant_by(&["compare"])
            .details(
                "Compares the fork that statements go to with another one, or with main; main with a fork, which may be left\n\
                out where there is one only. Lists what differs, if anything does, and names the position at which the histories part.\n\
                Replies a table.",
            )
            .errors(&[&[NO_FORK, WHICH_FORK]]),
        |domain, call| Box::pin(diff(domain, call)),
    )
}

/// A history to compare.
struct Side<E: 'static> {
    name: String,
    path: Vec<(u64, Position)>,
    application: Application<E>,
}

async fn diff<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let here = current::<D>(domain)?;
    let there = other::<D>(domain, &call, &here.name)?;
    let Some(common) = common_end(&here.path, &there.path) else { return Err(Term::Error(WHICH_FORK).into()) };
    // Main comes first, and otherwise the one that was asked for.
    let sides = if here.name == MAIN { [here, there] } else { [there, here] };
    let unavailable = |error| D::WORDS.unavailable(&error);
    let mut streams = BTreeSet::new();
    let mut are_all = true;
    for side in &sides {
        are_all &= since(&side.application, common, &mut streams).await.map_err(unavailable)?;
    }
    let mut rows = Vec::new();
    for stream in &streams {
        let [one, other] = &sides;
        let (one, other) = (D::standing(&one.application, stream).await, D::standing(&other.application, stream).await);
        let (one, other) = (one.map_err(unavailable)?, other.map_err(unavailable)?);
        if one.as_ref().map(Term::to_string) != other.as_ref().map(Term::to_string) {
            rows.push(vec![Term::String(target(stream)), one.unwrap_or(Term::Nil), other.unwrap_or(Term::Nil)]);
        }
    }
    let mut notes = vec![part(&sides, common).await.map_err(unavailable)?];
    if !are_all {
        notes.push(format!("Only {MOST_STREAMS} of those that have changed are compared."));
    }
    if rows.is_empty() && !call.as_json() {
        return Ok(Reply { notes, ..Term::Text("Nothing differs.".to_owned()).into() });
    }
    let [one, other] = sides;
    let columns = [D::STREAM.name.to_owned(), one.name, other.name].into_iter().collect();
    Ok(Reply { notes, ..Term::Table(Table { columns, rows }).into() })
}

fn current<D: HasApplication>(domain: &D) -> Result<Side<D::Event>, Term> {
    let application = domain.application()?;
    Ok(match domain.forks().current_fork() {
        Some(fork) => Side { name: fork.name, path: fork.path, application },
        None => Side { name: MAIN.to_owned(), path: Vec::new(), application },
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
        return Ok(Side { name, path: Vec::new(), application: domain.main()? });
    }
    let fork = forks.named(&name).ok_or(Term::Error(NO_FORK))?;
    Ok(Side { name, path: fork.path, application: fork.application })
}

/// Adds the streams of the events after a position. Returns whether these are all.
async fn since<E: StoredEvent>(
    application: &Application<E>,
    after: Position,
    streams: &mut BTreeSet<StreamId>,
) -> Result<bool, Unavailable> {
    let end = application.store().end().await;
    let mut pages = LogPages::between(application.store(), after, application.or_unavailable(end).await?);
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

/// Where the histories part, in words.
async fn part<E: StoredEvent>(sides: &[Side<E>; 2], common: Position) -> Result<String, Unavailable> {
    let mut next = Vec::new();
    for Side { name, application, .. } in sides {
        let events = application.events(common.next(), 1).await?;
        next.push((name, events.into_iter().next()));
    }
    if next.iter().all(|(_, event)| event.is_none()) {
        return Ok(format!("The histories are the same so far, up to position {common}."));
    }
    let what = |(name, event): &(&String, Option<RecordedEvent<E>>)| match event {
        Some(event) => format!("{} {} in {name}", event.data.title(), Term::String(target(&event.stream))),
        None => format!("nothing in {name}"),
    };
    let what: Vec<_> = next.iter().map(what).collect();
    Ok(format!("The histories part at position {}: {}.", common.next(), what.join(", ")))
}
