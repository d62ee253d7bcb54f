//! `events`: lists the whole log, or one stream.

use super::stream::existing;
use super::{HasApplication, function, integer};
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::shell::common_errors::OF_PAGES;
use crate::shell::event_record;
use crate::shell::function_table::{FROM, LIMIT, WIDE};
use crate::shell::functions::{Call, Outcome, Parameter, Row};
use crate::shell::page::{LeftOut, page, paged};
use crate::shell::term::{Table, Term};

pub(in crate::shell) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>(
            "events",
            const { &[optional(D::STREAM), FROM, LIMIT, WIDE] },
            "lists all events, or those of {of}",
            "{module}.events from: 1, limit: 10",
        )
        .group("History")
        .meant_by(&["log", "history", "journal", "event_log", "show_log", "select", "ledger", "transaction"])
        .details(
            "Lists each event with all its metadata; the last column, user, is there if any of them names one. from: 3\n\
                begins at position 3, and without it the latest events are listed; limit: 10 lists at most 10, and\n\
                without it 1_000. A line says what is not shown. Replies a table, or :{no_stream}.",
        )
        .errors(const { &[D::STREAM_ERRORS, &OF_PAGES] }),
        |domain, call| Box::pin(events(domain, call)),
    )
}

const fn optional(stream: Parameter) -> Parameter {
    Parameter { optional: true, ..stream }
}

async fn events<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let page = page(&call)?;
    let stream = match call.optional(optional(D::STREAM)) {
        None => None,
        Some(name) => Some(existing::<D>(&application, name).await?),
    };
    let events = match (page.from, &stream) {
        (Some(from), None) => application.events(from, page.and_one_more()).await,
        (Some(from), Some(stream)) => application.stream_events(stream, from, page.and_one_more()).await,
        (None, stream) => application.latest_events(stream.as_ref(), page.limit).await,
    };
    let mut events = events.map_err(|error| D::WORDS.unavailable(&error))?;
    let left_out = match (page.from, events.first()) {
        (Some(_), _) => page.cut(&mut events, |event| event.position),
        (None, Some(first)) if stream.is_some() => LeftOut::Earlier(first.version.get() - 1),
        (None, Some(first)) => LeftOut::Earlier(first.position.get() - 1),
        (None, None) => LeftOut::Nothing,
    };
    Ok(paged(&call, event_table(&events), "events", left_out))
}

const COLUMNS: &[&str] =
    &["position", "stream", "version", "time", "type", "data", "command_id", "correlation_id", "causation_id", "user"];

/// The last column is there only if one of the events names a user.
fn event_table<E: StoredEvent>(events: &[RecordedEvent<E>]) -> Table {
    let is_user_named = events.iter().any(|event| event.metadata.user().is_some());
    let columns = if is_user_named { COLUMNS } else { &COLUMNS[..COLUMNS.len() - 1] };
    let row = |event: &RecordedEvent<E>| {
        let mut row = vec![
            integer(event.position.get()),
            Term::String(event.stream.to_string()),
            integer(event.version.get()),
            Term::Time(event.time.to_string()),
            Term::String(event.data.event_type().to_owned()),
            data(&event.data),
            Term::Id(event.metadata.command_id.to_string()),
            Term::Id(event.metadata.correlation_id().to_string()),
            Term::Id(event.metadata.causation_id().to_string()),
        ];
        if is_user_named {
            row.push(event.metadata.user().map_or(Term::Nil, |user| Term::String(user.to_owned())));
        }
        row
    };
    Table { columns: columns.into(), rows: events.iter().map(row).collect() }
}

/// The data of an event, as JSON.
pub(super) fn data<E: StoredEvent>(event: &E) -> Term {
    event_record::data(event).map_or(Term::Nil, Term::Json)
}
