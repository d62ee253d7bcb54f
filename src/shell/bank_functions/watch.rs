//! Events as they happen, at the prompt.

use tokio::sync::{mpsc, oneshot};

use super::arguments::from;
use super::replies::{failure, integer};
use crate::bank::{AccountEvent, Bank, Watch};
use crate::engine::event::{DomainEvent as _, RecordedEvent};
use crate::shell::event_record::event_record;
use crate::shell::functions::{Arguments, Function, Live};
use crate::shell::question::limit;
use crate::shell::term::Term;

/// Lines that wait to be printed.
const MAX_LINES: usize = 64;

/// Follows the log, from now on unless `from:` says otherwise.
pub(super) async fn watch(bank: &Bank, function: &Function, arguments: &Arguments, json: bool) -> Result<Live, Term> {
    let from = arguments.named(function, "from").map(|_| from(function, arguments)).transpose()?;
    let limit = arguments.named(function, "limit").map(|_| limit(function, arguments)).transpose()?;
    let watch = bank.watch(from).await.map_err(|unavailable| failure(&unavailable.into()))?;
    let (sender, lines) = mpsc::channel(MAX_LINES);
    let (end, ended) = oneshot::channel();
    tokio::spawn(async move {
        tokio::select! {
            reply = show(watch, limit, json, &sender) => drop(end.send(reply)),
            // Nobody looks any more.
            () = sender.closed() => {}
        }
    });
    Ok(Live { lines, ended })
}

async fn show(mut watch: Watch, limit: Option<usize>, json: bool, lines: &mpsc::Sender<String>) -> Term {
    for _ in 0..limit.unwrap_or(usize::MAX) {
        let event = match watch.next().await {
            Ok(event) => event,
            Err(unavailable) => return failure(&unavailable.into()),
        };
        if lines.send(line(&event, json)).await.is_err() {
            break;
        }
    }
    Term::OK
}

fn line(event: &RecordedEvent<AccountEvent>, json: bool) -> String {
    let record = event_record(event).filter(|_| json);
    let RecordedEvent { position, stream, version, time, data, .. } = event;
    match record {
        Some(record) => record.get().to_owned(),
        None => {
            let (stream, data) = (Term::Opaque(stream.to_string()), super::replies::data(data));
            format!("{}  {stream}  {version}  {time}  {}  {data}", integer(position.get()), event.data.event_type())
        }
    }
}
