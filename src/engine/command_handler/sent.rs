//! A command in the queue of its command handler.

use tokio::sync::oneshot;
use tracing::Span;

use super::{CommandError, CommandRequest, Decisions, Outcome, Pending};
use crate::engine::domain::{Aggregate, Command as _};
use crate::engine::log::{Metadata, Timestamp};
use crate::engine::runtime::trace::{command_span, trace_line};

/// A command in the queue. Kept small, because it is moved several times: from the queue into a batch, and so on.
///
/// If it is dropped unanswered before the append, the answer is [`CommandError::Stopped`].
#[derive(Debug)]
pub(super) struct Sent<A: Aggregate, E> {
    pub(super) command: A::Command,
    pub(super) metadata: Metadata,
    /// `None` in the usual case, which has none of them.
    particulars: Option<Box<Particulars>>,
    /// Where the decision is noted.
    decisions: Option<Decisions>,
    /// The channel for the answer; `None` once there is one.
    reply: Option<oneshot::Sender<Outcome<A, E>>>,
    /// Whether a command with this id may have been handled before.
    pub(super) may_be_duplicate: bool,
    /// Whether the command's events were handed to the store.
    pub(super) may_be_stored: bool,
}

#[derive(Debug)]
struct Particulars {
    /// The command's span, if a subscriber is interested.
    span: Span,
    /// The time for its events, if that was [taken when it was sent](crate::engine::runtime::Clock::at_sending).
    time: Option<Timestamp>,
}

impl<A: Aggregate, E> Drop for Sent<A, E> {
    fn drop(&mut self) {
        if !self.may_be_stored {
            self.reply(Err(CommandError::Stopped));
        }
    }
}

impl<A: Aggregate, E> Sent<A, E> {
    pub(super) fn request(
        command: A::Command,
        metadata: Metadata,
        time: Option<Timestamp>,
        decisions: Option<Decisions>,
        may_be_duplicate: bool,
    ) -> (CommandRequest<A, E>, Pending<A, E>) {
        let span = command_span(|| command.title(), &metadata);
        let has_particulars = time.is_some() || !span.is_disabled();
        let particulars = has_particulars.then(|| Box::new(Particulars { span, time }));
        let (reply, answer) = oneshot::channel();
        let pending = Pending { command_id: metadata.command_id, answer };
        let reply = Some(reply);
        let sent = Self { command, metadata, particulars, decisions, reply, may_be_duplicate, may_be_stored: false };
        sent.in_span(|| trace_line!(sent.metadata.correlation_id(), "Command Sent"));
        (CommandRequest::Handle(sent), pending)
    }

    /// Answers, unless there is an answer already.
    pub(super) fn reply(&mut self, outcome: Outcome<A, E>) {
        if let Some(reply) = self.reply.take() {
            if let Some(decisions) = &self.decisions {
                decisions.note::<A, E>(&self.command, &self.metadata, &outcome);
            }
            // An error means that the caller no longer waits.
            let _ = reply.send(outcome);
        }
    }

    /// Whether there is no answer yet.
    pub(super) fn is_open(&self) -> bool {
        self.reply.is_some()
    }

    /// The time for the command's events, if that was taken when it was sent.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.particulars.as_ref()?.time
    }

    /// The command's span, for futures.
    pub(super) fn span(&self) -> Span {
        self.particulars.as_ref().map_or_else(Span::none, |particulars| particulars.span.clone())
    }

    /// Runs a function within the command's span.
    pub(super) fn in_span<T>(&self, run: impl FnOnce() -> T) -> T {
        match &self.particulars {
            Some(particulars) => particulars.span.in_scope(run),
            None => run(),
        }
    }
}
