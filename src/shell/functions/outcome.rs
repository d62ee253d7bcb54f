//! The outcome of a call: a reply, or why nothing was done.

use std::fmt;
use std::pin::Pin;

use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use crate::shell::common_errors::BUSY;
use crate::shell::error_reason::ErrorReason;
use crate::shell::term::Term;
use crate::shell::trace::Followed;

/// The outcome of a call. Both sides hold a term to print as the reply.
pub type Outcome = Result<Reply, NotDone>;

/// A call whose command was sent, and whose outcome is still to come.
pub struct SentCall {
    /// Waits for the outcome. Dropping it does not cancel the command.
    pub outcome: Pin<Box<dyn Future<Output = Outcome> + Send>>,
    /// Keeps the trace of the call apart from that of others.
    pub trace: Followed,
}

impl fmt::Debug for SentCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentCall").field("trace", &self.trace).finish_non_exhaustive()
    }
}

/// The reply to a call that did its work.
#[derive(Debug)]
pub struct Reply {
    /// The term to print.
    pub term: Term,
    /// The events that the call caused, each as a JSON object; empty unless the call asks for them.
    pub events: Vec<Box<RawValue>>,
    /// Whether a command was handled but declined, wholly or in part: money did not move as the call asked.
    pub declined: bool,
    /// Lines after the term, for instance about rows that a table leaves out.
    pub notes: Vec<String>,
    /// Output that follows as it comes; `None` for most calls.
    pub live: Option<Live>,
}

/// Output of a call that lasts, such as a watch, until it ends or a person interrupts it. Its reply is printed after that.
#[derive(Debug)]
pub struct Live {
    /// Lines to print as they come. Dropping the receiver ends the call.
    pub lines: mpsc::Receiver<String>,
    /// The term to print, if the call ends by itself.
    pub ended: oneshot::Receiver<Term>,
}

/// Why a call did nothing. Mostly this is a plain reply as well: a refusal, or an invalid argument.
#[derive(Debug)]
pub struct NotDone {
    /// The term to print.
    pub reply: Term,
    /// The failure behind it, if there was one.
    pub failed: Option<Failed>,
    /// A line after the term: what is wrong with an argument, and how to write it.
    pub note: Option<Box<str>>,
}

/// A failure, for a person to mend.
#[derive(Debug)]
pub struct Failed {
    /// What failed, and where.
    pub message: String,
    /// Whether everything is as before, so that later statements of a script may run.
    pub changes_nothing: bool,
}

impl From<Term> for Reply {
    fn from(term: Term) -> Self {
        Self { term, events: Vec::new(), declined: false, notes: Vec::new(), live: None }
    }
}

impl From<Term> for NotDone {
    fn from(reply: Term) -> Self {
        Self { reply, failed: None, note: None }
    }
}

impl NotDone {
    /// A failure with its message. `{:error, :busy}` counts as none: a log message has already named the other program.
    pub fn failed(reply: Term, message: String) -> Self {
        let has_failed = !matches!(reply, Term::Error(BUSY));
        Self { reply, failed: has_failed.then_some(Failed { message, changes_nothing: false }), note: None }
    }

    /// The refusal of an argument that is of the right kind and malformed, with a line that says why. It is a reply as any
    /// other, and a script goes on after it.
    pub fn malformed(reason: ErrorReason, why: impl fmt::Display) -> Self {
        Self { note: Some(why.to_string().into()), ..Term::Error(reason).into() }
    }

    /// The reply, to be printed.
    pub fn into_reply(self) -> (Reply, Option<Failed>) {
        let Self { reply, failed, note } = self;
        (Reply { notes: note.into_iter().map(String::from).collect(), ..reply.into() }, failed)
    }

    /// Marks the failure as one that left everything as before.
    #[must_use]
    pub fn changing_nothing(self) -> Self {
        let failed = self.failed.map(|failed| Failed { changes_nothing: true, ..failed });
        Self { failed, ..self }
    }
}
