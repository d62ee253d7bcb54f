//! What `--json` prints: an object for each statement.

use serde::Serialize;
use serde_json::value::RawValue;

use super::escape;
use super::mistake::Mistake;
use super::term::Term;

/// A statement with its reply.
#[derive(Serialize)]
pub(super) struct StatementRecord<'a> {
    pub(super) statement: &'a str,
    pub(super) reply: &'a Term,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) explanation: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) notes: &'a [String],
    pub(super) events: &'a [Box<RawValue>],
    pub(super) trace: Vec<&'a str>,
}

/// A statement that cannot be read or run.
#[derive(Serialize)]
pub(super) struct MistakeRecord<'a> {
    pub(super) statement: &'a str,
    pub(super) error: &'a Mistake,
}

/// What is said after the reply to a statement.
#[derive(Serialize)]
pub(super) struct AfterwordRecord<'a> {
    pub(super) afterword: &'a str,
}

/// Lines of the trace that come after their reply.
#[derive(Serialize)]
pub(super) struct LateRecord<'a> {
    pub(super) late: Vec<&'a str>,
}

/// Appends a record on a line of its own.
pub(super) fn print_json(output: &mut String, record: &impl Serialize) {
    match serde_json::to_string(record) {
        Ok(json) => output.push_str(&escape::json(&json)),
        Err(error) => tracing::error!("a record cannot be written as JSON: {error}"),
    }
    output.push('\n');
}
