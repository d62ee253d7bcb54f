//! `watch`: prints events as they happen.

use crate::shell::common_errors::OF_PAGES;
use tokio::sync::{mpsc, oneshot};

use super::events::data;
use super::{HasApplication, Words, function, integer};
use crate::engine::application::watch::Watch;
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::shell::event_record::event_record;
use crate::shell::function_table::{FROM, LIMIT, WIDE};
use crate::shell::functions::{Call, Live, Outcome, Reply, Row};
use crate::shell::query_arguments::{limit, position};
use crate::shell::screen::Screen;
use crate::shell::term::Term;

/// How many lines may wait to be printed.
const MAX_LINES: usize = 64;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("watch", &[FROM, LIMIT, WIDE], "shows events as they happen, until Ctrl-C", "{module}.watch")
            .group("History")
            .meant_by(&["follow", "tail", "monitor", "subscribe", "live", "stream"])
            .details(
                "Prints each event on a line as it is committed, by any program on the same store; with --json as an\n\
                object. At a terminal, wide: true shows stream, version and day too. from: 1 begins at position 1\n\
                instead of now, limit: 10 ends after 10 events. Replies :ok.",
            )
            .errors(&[&OF_PAGES]),
        |domain, call| Box::pin(watch(domain, call)),
    )
}

/// Follows the log from the position `from:`, or from now on.
async fn watch<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let from = call.optional(FROM).map(|_| position(&call, FROM)).transpose()?;
    let limit = call.optional(LIMIT).map(|_| limit(&call)).transpose()?;
    let watch = application.watch(from).await.map_err(|error| D::WORDS.unavailable(&error))?;
    let is_wide = call.optional(WIDE) == Some("true") || Screen::of_standard_output().width().is_none();
    let form = match (call.as_json(), is_wide) {
        (true, _) => Form::Json,
        (false, true) => Form::Wide,
        (false, false) => Form::Short,
    };
    let words = D::WORDS;
    let (sender, lines) = mpsc::channel(MAX_LINES);
    let (end, ended) = oneshot::channel();
    tokio::spawn(async move {
        tokio::select! {
            reply = show(watch, limit, form, words, &sender) => drop(end.send(reply)),
            // The statement has ended.
            () = sender.closed() => {}
        }
    });
    Ok(Reply { live: Some(Live { lines, ended }), ..Term::OK.into() })
}

/// How an event is shown.
#[derive(Clone, Copy)]
enum Form {
    Json,
    /// Everything about it.
    Wide,
    /// What a terminal has room for.
    Short,
}

async fn show<E: StoredEvent>(
    mut watch: Watch<E>,
    limit: Option<usize>,
    form: Form,
    words: &'static Words,
    lines: &mpsc::Sender<String>,
) -> Term {
    for _ in 0..limit.unwrap_or(usize::MAX) {
        let event = match watch.next().await {
            Ok(event) => event,
            Err(unavailable) => return words.unavailable(&unavailable),
        };
        if lines.send(line(&event, form)).await.is_err() {
            break;
        }
    }
    Term::OK
}

fn line<E: StoredEvent>(event: &RecordedEvent<E>, form: Form) -> String {
    let record = event_record(event).filter(|_| matches!(form, Form::Json));
    let RecordedEvent { position, stream, version, time, data: event_data, .. } = event;
    let position = integer(position.get());
    let (stream, event_type, json) = (Term::Opaque(stream.to_string()), event_data.event_type(), data(event_data));
    match (record, form) {
        (Some(record), _) => record.get().to_owned(),
        (None, Form::Short) => {
            // What happens now: the day is known, and the event type names the kind of stream.
            let time = time.to_string();
            let of_day = time.get(11..19).unwrap_or(&time);
            format!("{position}  {of_day}  {event_type}  {json}")
        }
        (None, Form::Json | Form::Wide) => format!("{position}  {stream}  {version}  {time}  {event_type}  {json}"),
    }
}
