//! What a report holds, read of an application at one moment: the end of its log.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use thiserror::Error;

use super::events::{CommandShown, CommandTexts, EventShown, add_ids, commands, events};
use super::handlers::{HandlerShown, handlers, shortened};
use super::page::script_json;
use super::session::{SessionShown, session};
use crate::engine::application::{Application, Unavailable};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::LogPages;
use crate::engine::store::codec::StoredEvent;
use crate::shell::application_functions::cascade::came_to;
use crate::shell::application_functions::{HasApplication, ShownEvent, States};
use crate::shell::escape;
use crate::shell::progress::ProgressLine;
use crate::shell::session_record::SessionRecord;
use crate::shell::term::cell;

/// The most events of a report.
pub(super) const MOST_EVENTS: usize = 2_000;

/// The most bytes of a report besides its events, and besides the page that shows it.
const MOST_BYTES: usize = 256 << 10;

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
    #[serde(flatten)]
    texts: CommandTexts,
    commands: Vec<CommandShown>,
    states: StatesShown,
    handlers: Vec<HandlerShown>,
    session: SessionShown,
}

/// How things were before the first event, and what each event changed.
#[derive(Debug, Serialize)]
struct StatesShown {
    columns: [&'static str; 2],
    /// The subjects, and how each was before the first event; nothing where it was not there yet.
    subjects: Vec<(String, Option<String>)>,
    /// Whether there are more that no event changes.
    are_more: bool,
    /// The position, the subject by its place, and how it is then; nothing where it is no more.
    changes: Vec<(u64, usize, Option<String>)>,
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
        let mut states = D::Event::states();
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
        add_ids(&mut events, &read);
        let (texts, commands) = commands::<D>(application, &read);
        let handlers = handlers(application, end).await?;
        let bytes_besides =
            [script_json(&texts)?, script_json(&commands)?, script_json(&shown)?, script_json(&handlers)?];
        let room = MOST_BYTES.saturating_sub(bytes_besides.iter().map(String::len).sum());
        Ok(Self {
            of: D::WORDS.module,
            fork: fork.map(|name| escape::line(&name).into_owned()),
            left_out: before.get(),
            texts,
            commands,
            events,
            states: shown,
            handlers,
            session: session(record, &application.seams(), room)?,
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
        let subjects = known.map(|subject| (named(subject), shown(states.state(subject)))).collect();
        // The subjects that change come first, in order.
        let places: BTreeMap<_, _> = changed.iter().zip(0..).collect();
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
                let place = places.get(&subject).copied().unwrap_or_default();
                changes.push((event.position.get(), place, now));
            }
        }
        Self { columns: states.columns(), subjects, are_more, changes }
    }
}
