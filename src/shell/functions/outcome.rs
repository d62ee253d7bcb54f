//! What comes of a call.

use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use crate::shell::term::Term;

/// What the store is kept from by others: nothing was stored, and it may be said again.
pub const BUSY: &str = "busy";

/// What has come of a call: an answer, or what stood in its way. Both are replied.
pub type Outcome = Result<Answer, NotDone>;

/// What a call has led to.
#[derive(Debug)]
pub struct Answer {
    /// The reply.
    pub reply: Term,
    /// The events it has caused, each as a JSON object; left out unless they were asked for.
    pub events: Vec<Box<RawValue>>,
    /// What comes of it from now on; nothing for most calls.
    pub live: Option<Live>,
}

/// What goes on after its call, until it ends or a person interrupts it; then the reply follows.
#[derive(Debug)]
pub struct Live {
    /// Lines to be printed as they come. Dropping this ends it.
    pub lines: mpsc::Receiver<String>,
    /// The reply, if it ends by itself.
    pub ended: oneshot::Receiver<Term>,
}

/// Why a call has done nothing. Most often that is an answer too: a refusal, or an argument that cannot be.
#[derive(Debug)]
pub struct NotDone {
    /// The reply.
    pub reply: Term,
    /// What has failed, where something has.
    pub failed: Option<Failed>,
}

/// What has failed, for a person to mend.
#[derive(Debug)]
pub struct Failed {
    /// What and where.
    pub message: String,
    /// All is as it was before, and whatever comes next does not depend on it.
    pub changes_nothing: bool,
}

impl From<Term> for Answer {
    fn from(reply: Term) -> Self {
        Self { reply, events: Vec::new(), live: None }
    }
}

impl From<Term> for NotDone {
    fn from(reply: Term) -> Self {
        Self { reply, failed: None }
    }
}

impl NotDone {
    /// Something has failed, unless another program is only in the way: who that is was told.
    pub fn failed(reply: Term, message: String) -> Self {
        let has_failed = !matches!(reply, Term::Error(BUSY));
        Self { reply, failed: has_failed.then_some(Failed { message, changes_nothing: false }) }
    }

    /// The same where all is as it was before.
    #[must_use]
    pub fn changing_nothing(self) -> Self {
        let failed = self.failed.map(|failed| Failed { changes_nothing: true, ..failed });
        Self { failed, ..self }
    }
}
