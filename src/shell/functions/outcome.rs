//! The outcome of a call: a reply, or why nothing was done.

use std::fmt;
use std::pin::Pin;

use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use crate::shell::common_errors::{BUSY, UNAVAILABLE};
use crate::shell::error_reason::ErrorReason;
use crate::shell::session_record::Answer;
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
    /// What explains the term to a person, where its reason alone does not.
    pub explanation: Option<Explanation>,
    /// Output that follows as it comes; `None` for most calls.
    pub live: Option<Live>,
    /// Whether the program ends at once, instead of printing the term.
    pub crashes: bool,
}

/// An explanation for a person at a terminal. Scripts do not print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The names of the parameters that it is about, besides those that the reason is about. What was given for them is
    /// shown with it.
    pub about: &'static [&'static str],
    /// A clause: what is so, and what to do next.
    pub clause: String,
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
    /// What is said besides, if that is more than the reason says.
    pub detail: Option<Box<Detail>>,
}

/// What is said about a call that was not done, besides its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What is wrong with an argument, and how to write it: for a person, and for JSON.
    Malformed(String),
    /// A line after the term, also in a script: what nobody could find out otherwise.
    Note(String),
    /// What explains the term to a person.
    Explanation(Explanation),
}

/// A failure, for a person to mend.
#[derive(Debug)]
pub struct Failed {
    /// What failed, and where.
    pub message: String,
    /// Whether everything is as before, so that later statements of a script may run.
    pub changes_nothing: bool,
}

impl Reply {
    /// What the record of a session keeps of it.
    pub(in crate::shell) fn answer<'a>(&'a self, failed: Option<&'a Failed>) -> Answer<'a> {
        Answer { term: &self.term, notes: &self.notes, failed: failed.map(|failed| failed.message.as_str()) }
    }
}

impl From<Term> for Reply {
    fn from(term: Term) -> Self {
        let (events, notes) = (Vec::new(), Vec::new());
        Self { term, events, declined: false, notes, explanation: None, live: None, crashes: false }
    }
}

impl From<Term> for NotDone {
    fn from(reply: Term) -> Self {
        Self { reply, failed: None, detail: None }
    }
}

impl NotDone {
    /// A failure with its message. `{:error, :busy}` counts as none, and `{:error, :unavailable}`: a log message has already
    /// named the other program, or what is missing.
    pub fn failed(reply: Term, message: String) -> Self {
        let has_failed = !matches!(reply, Term::Error(BUSY | UNAVAILABLE));
        Self { failed: has_failed.then_some(Failed { message, changes_nothing: false }), ..reply.into() }
    }

    /// The refusal of an argument that is of the right kind and malformed. It is a reply as any other, and a script goes on
    /// after it. Why it was refused a person is told, and with JSON a program.
    pub fn malformed(reason: ErrorReason, why: impl fmt::Display) -> Self {
        Self { detail: Some(Box::new(Detail::Malformed(why.to_string()))), ..Term::Error(reason).into() }
    }

    /// A refusal with a line below it, also in a script: what nobody could find out otherwise, such as the line of a file
    /// that is wrong.
    pub fn noted(reason: ErrorReason, note: impl fmt::Display) -> Self {
        Self { detail: Some(Box::new(Detail::Note(note.to_string()))), ..Term::Error(reason).into() }
    }

    /// Without what a script is not told.
    pub(in crate::shell) fn for_a_script(mut self) -> Self {
        self.detail = self.detail.filter(|detail| matches!(**detail, Detail::Note(_)));
        self
    }

    /// Adds what explains it to a person.
    #[must_use]
    pub fn explained(self, explanation: Option<Explanation>) -> Self {
        Self { detail: explanation.map(|explanation| Box::new(Detail::Explanation(explanation))), ..self }
    }

    /// The reply, to be printed.
    pub fn into_reply(self) -> (Reply, Option<Failed>) {
        let Self { reply, failed, detail } = self;
        let notes = match detail.map(|detail| *detail) {
            Some(Detail::Malformed(note) | Detail::Note(note)) => vec![note],
            Some(Detail::Explanation(_)) | None => Vec::new(),
        };
        (Reply { notes, ..reply.into() }, failed)
    }

    /// Marks the failure as one that left everything as before.
    #[must_use]
    pub fn changing_nothing(self) -> Self {
        let failed = self.failed.map(|failed| Failed { changes_nothing: true, ..failed });
        Self { failed, ..self }
    }
}
