//! What a report holds, read of an application at one moment: the end of its log.

use std::collections::BTreeSet;

use serde::Serialize;
use thiserror::Error;

use super::events::{CommandShown, EventShown, commands, events};
use super::handlers::{HandlerShown, handlers, shortened};
use super::session::{SessionShown, session};
use crate::engine::application::{Application, Unavailable};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::LogPages;
use crate::engine::store::codec::StoredEvent;
use crate::shell::application_functions::cascade::came_to;
use crate::shell::application_functions::{HasApplication, States};
use crate::shell::escape;
use crate::shell::progress::ProgressLine;
use crate::shell::session_record::SessionRecord;
use crate::shell::term::cell;

/// The most events of a report.
pub(super) const MOST_EVENTS: usize = 2_000;

/// The most subjects that none of the events changes.
const MOST_UNCHANGED: usize = 100;

/// A report, as the page reads it.
#[derive(Debug, Serialize)]
pub(super) struct Content {
    /// The module of the domain's functions.
    of: &'static str,
    /// The fork that it is about, if it is one.
    fork: Option<String>,
    /// How many events there are before the first.
    left_out: u64,
    events: Vec<EventShown>,
    commands: Vec<CommandShown>,
    states: StatesShown,
    handlers: Vec<HandlerShown>,
    session: SessionShown,
}

/// How things were before the first event, and what each event changed.
#[derive(Debug, Serialize)]
struct StatesShown {
    columns: [&'static str; 2],
    before: Vec<(String, String)>,
    /// Whether there are more that no event changes.
    are_more: bool,
    /// The position, the subject, and how it is then; nothing where it is no more.
    changes: Vec<(u64, String, Option<String>)>,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub(super) enum NoReport {
    /// The log cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It cannot be written down.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Content {
    /// Reads a report of an application.
    pub(super) async fn read<D: HasApplication>(
        application: &Application<D::Event>,
        fork: Option<String>,
        record: Option<&SessionRecord>,
    ) -> Result<Self, NoReport> {
        let mut read = application.latest_events(None, MOST_EVENTS).await?;
        let mut states = D::states();
        let mut events = events(&read)?;
        read.drain(..read.len() - events.len());
        let end = read.last().map_or(Position::START, |event| event.position);
        let before = read.first().map_or(Position::START, |event| event.position.before());
        fold(application, before, states.as_mut()).await?;
        let shown = StatesShown::of(states.as_mut(), &read);
        let known = application.deliveries().await?;
        for (event, read) in events.iter_mut().zip(&read) {
            event.quantity = states.quantity(read).as_ref().map(cell);
            event.deliveries =
                known.of(read.position).iter().map(|told| (told.handler, shortened(&came_to(told)))).collect();
        }
        Ok(Self {
            of: D::WORDS.module,
            fork: fork.map(|name| escape::line(&name).into_owned()),
            left_out: before.get(),
            commands: commands::<D>(application, &read),
            events,
            states: shown,
            handlers: handlers(application, end).await?,
            session: session(record, &application.seams())?,
        })
    }

    /// How many events the report has, and how many it leaves out.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.events.len() as u64, self.left_out)
    }
}

/// Takes the events up to a position.
async fn fold<E: StoredEvent>(
    application: &Application<E>,
    end: Position,
    states: &mut dyn States<E>,
) -> Result<(), Unavailable> {
    let line = ProgressLine::new();
    let mut pages = LogPages::up_to(application.store(), end);
    while let Some(page) = application.or_unavailable(pages.next().await).await? {
        page.iter().for_each(|event| states.take(event));
        line.show("report", pages.position().get(), end.get());
    }
    Ok(())
}

impl StatesShown {
    /// What the events change, which follow those that were taken.
    fn of<E>(states: &mut dyn States<E>, events: &[RecordedEvent<E>]) -> Self {
        let shown = |state: Option<_>| state.as_ref().map(cell);
        let named = |subject: &str| escape::line(subject).into_owned();
        let changed: BTreeSet<_> = events.iter().filter_map(|event| states.subject(event)).collect();
        let mut unchanged = states.subjects(changed.len() + MOST_UNCHANGED + 1);
        unchanged.retain(|subject| !changed.contains(subject));
        let are_more = unchanged.len() > MOST_UNCHANGED;
        unchanged.truncate(MOST_UNCHANGED);
        let known = changed.iter().chain(&unchanged);
        let before = known.filter_map(|subject| Some((named(subject), shown(states.state(subject))?))).collect();
        let mut changes = Vec::new();
        for event in events {
            let Some(subject) = states.subject(event) else {
                states.take(event);
                continue;
            };
            let earlier = shown(states.state(&subject));
            states.take(event);
            let now = shown(states.state(&subject));
            if now != earlier {
                changes.push((event.position.get(), named(&subject), now));
            }
        }
        Self { columns: states.columns(), before, are_more, changes }
    }
}
