//! The log at the prompt: what has happened, and what happens.

use tokio::sync::{mpsc, oneshot};

use super::{Called, StreamNamed, Words, integer};
use crate::engine::application::watch::Watch;
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::shell::event_record::{self, event_record};
use crate::shell::functions::Live;
use crate::shell::question::{limit, position};
use crate::shell::term::{Table, Term};

/// Lines that wait to be printed.
const MAX_LINES: usize = 64;

/// All of it, or one stream.
pub(super) async fn events<E: StoredEvent>(called: &Called<'_, E>, stream: StreamNamed) -> Result<Term, Term> {
    let Called { application, function, arguments, words, .. } = called;
    let (from, limit) = (position(function, arguments, "from")?, limit(function, arguments)?);
    let events = match arguments.get(0) {
        None => application.events(from, limit).await,
        Some(name) => application.stream_events(&stream(name)?, from, limit).await,
    };
    Ok(event_table(&events.map_err(|error| words.unavailable(&error))?))
}

fn event_table<E: StoredEvent>(events: &[RecordedEvent<E>]) -> Term {
    let row = |event: &RecordedEvent<E>| {
        vec![
            integer(event.position.get()),
            Term::String(event.stream.to_string()),
            integer(event.version.get()),
            Term::String(event.time.to_string()),
            Term::String(event.data.event_type().to_owned()),
            data(&event.data),
            Term::String(event.metadata.command_id.to_string()),
            Term::String(event.metadata.correlation_id.to_string()),
            Term::String(event.metadata.causation_id.to_string()),
        ]
    };
    let columns =
        &["position", "stream", "version", "time", "type", "data", "command_id", "correlation_id", "causation_id"];
    Term::Table(Table { columns, rows: events.iter().map(row).collect() })
}

/// What an event says, as JSON.
fn data<E: StoredEvent>(event: &E) -> Term {
    event_record::data(event).map_or(Term::Nil, Term::Json)
}

/// Follows the log, from now on unless `from:` says otherwise.
pub(super) async fn watch<E: StoredEvent>(called: &Called<'_, E>) -> Result<Live, Term> {
    let Called { application, function, arguments, words, as_json } = *called;
    let from = arguments.named(function, "from").map(|_| position(function, arguments, "from")).transpose()?;
    let limit = arguments.named(function, "limit").map(|_| limit(function, arguments)).transpose()?;
    let watch = application.watch(from).await.map_err(|error| words.unavailable(&error))?;
    let (sender, lines) = mpsc::channel(MAX_LINES);
    let (end, ended) = oneshot::channel();
    tokio::spawn(async move {
        tokio::select! {
            reply = show(watch, limit, as_json, words, &sender) => drop(end.send(reply)),
            // Nobody looks any more.
            () = sender.closed() => {}
        }
    });
    Ok(Live { lines, ended })
}

async fn show<E: StoredEvent>(
    mut watch: Watch<E>,
    limit: Option<usize>,
    as_json: bool,
    words: &'static Words,
    lines: &mpsc::Sender<String>,
) -> Term {
    for _ in 0..limit.unwrap_or(usize::MAX) {
        let event = match watch.next().await {
            Ok(event) => event,
            Err(unavailable) => return words.unavailable(&unavailable),
        };
        if lines.send(line(&event, as_json)).await.is_err() {
            break;
        }
    }
    Term::OK
}

fn line<E: StoredEvent>(event: &RecordedEvent<E>, as_json: bool) -> String {
    let record = event_record(event).filter(|_| as_json);
    let RecordedEvent { position, stream, version, time, data: happened, .. } = event;
    match record {
        Some(record) => record.get().to_owned(),
        None => {
            let (stream, said) = (Term::Opaque(stream.to_string()), data(happened));
            format!("{}  {stream}  {version}  {time}  {}  {said}", integer(position.get()), happened.event_type())
        }
    }
}
