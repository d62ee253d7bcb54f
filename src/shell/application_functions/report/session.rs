//! The session of a report: what was typed and answered.

use serde::Serialize;

use super::page::script_json;
use crate::engine::application::Seams;
use crate::shell::escape;
use crate::shell::session_record::{Recorded, RecordedStatement, SessionRecord};

/// The most bytes of all statements and answers on the page. Escapes of HTML make them longer there.
const MOST_BYTES: usize = 144 << 10;
/// The least that is left to them, whatever else is on the page.
const LEAST_BYTES: usize = 32 << 10;

/// What was typed and answered, as the page shows it.
#[derive(Debug, Default, Serialize)]
pub(super) struct SessionShown {
    /// How many statements there were before these.
    left_out: u64,
    statements: Vec<StatementShown>,
}

#[derive(Debug, Serialize)]
struct StatementShown {
    number: usize,
    /// What was open, and which fork of it, where that is not as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    statement: String,
    answer: String,
    /// How far each handler was then, where that was noted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checkpoints: Vec<(&'static str, u64)>,
}

/// The last statements for which there is room, in bytes. `seams` are of the application that the report is about.
pub(super) fn session(
    record: Option<&SessionRecord>,
    seams: &Seams,
    room: usize,
) -> Result<SessionShown, serde_json::Error> {
    let Recorded { statements: recorded, mut left_out } = record.map(SessionRecord::so_far).unwrap_or_default();
    let (mut statements, mut bytes) = (Vec::new(), 0);
    for recorded in recorded.iter().rev() {
        let shown = shown(recorded, seams);
        bytes += script_json(&shown)?.len();
        if bytes > room.clamp(LEAST_BYTES, MOST_BYTES) {
            break;
        }
        statements.push(shown);
    }
    left_out += (recorded.len() - statements.len()) as u64;
    statements.reverse();
    let mut before = "";
    let last = &recorded[recorded.len() - statements.len()..];
    for (shown, recorded) in statements.iter_mut().zip(last) {
        shown.place = (*recorded.place != *before).then(|| escape::line(&recorded.place).into_owned());
        before = &recorded.place;
    }
    Ok(SessionShown { left_out, statements })
}

fn shown(recorded: &RecordedStatement, seams: &Seams) -> StatementShown {
    let progress = recorded.progress.as_ref().and_then(|progress| progress.in_application(seams));
    let checkpoints = progress.unwrap_or_default().iter().map(|(name, checkpoint)| (*name, checkpoint.get()));
    StatementShown {
        number: recorded.number,
        place: None,
        statement: escape::lines(&recorded.statement).into_owned(),
        answer: escape::lines(recorded.answer.as_deref().unwrap_or_default()).into_owned(),
        checkpoints: checkpoints.collect(),
    }
}
