//! The handlers of a report, as they are at the end of its log.

use serde::Serialize;

use crate::engine::application::handlers::HandlerReport;
use crate::engine::application::{Application, Unavailable};
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::shell::application_functions::handlers::next_attempt;
use crate::shell::escape;
use crate::shell::term::cell;

/// The most characters of an error, and of what came of a delivery.
const LONGEST_ERROR: usize = 200;

/// A handler, as the page shows it.
#[derive(Debug, Serialize)]
pub(super) struct HandlerShown {
    name: &'static str,
    kind: String,
    checkpoint: u64,
    behind: u64,
    attempts: u32,
    next_attempt: String,
    parked: usize,
    last_error: String,
}

/// How the handlers are. Events after `end` are none of the report's.
pub(super) async fn handlers<E: StoredEvent>(
    application: &Application<E>,
    end: Position,
) -> Result<Vec<HandlerShown>, Unavailable> {
    let shown = |HandlerReport { status, parked, .. }: &HandlerReport| {
        let checkpoint = status.checkpoint.min(end);
        let behind = end.get() - checkpoint.get();
        HandlerShown {
            name: status.name,
            kind: status.kind.to_string(),
            checkpoint: checkpoint.get(),
            behind,
            // Attempts are those of the next event.
            attempts: if behind == 0 { 0 } else { status.condition.attempts },
            next_attempt: cell(&next_attempt(status)),
            parked: *parked,
            last_error: shortened(status.condition.last_error.as_deref().unwrap_or_default()),
        }
    };
    Ok(application.handlers().await?.iter().map(shown).collect())
}

pub(super) fn shortened(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST_ERROR).map(|(end, _)| end);
    escape::line(&end.map_or_else(|| text.to_owned(), |end| format!("{}…", &text[..end]))).into_owned()
}
