//! A command that was sent, and its outcome.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::{Base, CommandFailure, Receipt, Unavailable};
use crate::engine::command_handler::{CommandError, Pending, Unanswered};
use crate::engine::domain::Aggregate;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{Committed, StoreError};

/// A command that was sent. Dropping it does not cancel the command. It does not keep the application open, and its
/// outcome is available even after the application has ended.
///
/// Awaiting it is waiting for its [outcome](PendingCommand::outcome).
pub struct PendingCommand<E: 'static, A: Aggregate> {
    base: Arc<Base<E>>,
    sent: SentCommand<E, A>,
}

/// Like [`PendingCommand`], for a caller that borrows the [`Base`] while it waits.
pub(crate) struct SentCommand<E, A: Aggregate> {
    consistency: Consistency,
    stage: Stage<E, A>,
}

enum Stage<E, A: Aggregate> {
    /// The command handler decides.
    Sent(Pending<A, E>),
    Decided(Box<Decided<E, A>>),
    /// Handlers have yet to see the events, or the reason for a failure to be known.
    Waiting(Pin<Box<dyn Future<Output = Outcome<E, A>> + Send>>),
}

type Decided<E, A> = Result<Committed<E>, CommandError<<A as Aggregate>::Refusal>>;
type Outcome<E, A> = Result<Receipt<E>, CommandFailure<<A as Aggregate>::Refusal>>;

impl<E, A: Aggregate> fmt::Debug for PendingCommand<E, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingCommand").field("consistency", &self.sent.consistency).finish_non_exhaustive()
    }
}

impl<E: StoredEvent, A: Aggregate> PendingCommand<E, A> {
    pub(crate) fn of(sent: SentCommand<E, A>, base: Arc<Base<E>>) -> Self {
        Self { base, sent }
    }

    /// Waits until the command's events are stored and, under strong consistency, seen by the projections and all
    /// awaited handlers.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why the command led to no events.
    pub async fn outcome(self) -> Result<Receipt<E>, CommandFailure<A::Refusal>> {
        self.await
    }
}

/// Written by hand: an `async` block would take more room in the future of every caller, and be copied with it.
impl<E: StoredEvent, A: Aggregate> Future for PendingCommand<E, A> {
    type Output = Result<Receipt<E>, CommandFailure<A::Refusal>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { base, sent } = self.get_mut();
        sent.poll_outcome(base, context)
    }
}

impl<E: StoredEvent, A: Aggregate> SentCommand<E, A> {
    /// A command that the command handler has accepted.
    pub(super) fn new(consistency: Consistency, pending: Pending<A, E>) -> Self {
        Self { consistency, stage: Stage::Sent(pending) }
    }

    /// Waits for the decision, but for none of the handlers.
    pub(crate) async fn decided(self) -> Self {
        let stage = match self.stage {
            Stage::Sent(pending) => Stage::Decided(Box::new(pending.await)),
            decided => decided,
        };
        Self { stage, ..self }
    }

    /// The refusal, if the command was [decided](Self::decided) and refused.
    pub(crate) fn refusal(&self) -> Option<&A::Refusal> {
        match &self.stage {
            Stage::Decided(decided) => match decided.as_ref() {
                Err(CommandError::Refused(refusal)) => Some(refusal),
                _ => None,
            },
            Stage::Sent(_) | Stage::Waiting(_) => None,
        }
    }

    /// The consistency it was sent with.
    pub(crate) fn consistency(&self) -> Consistency {
        self.consistency
    }

    /// [`PendingCommand::outcome`], of the application that it was sent to.
    pub(crate) fn poll_outcome(&mut self, base: &Arc<Base<E>>, context: &mut Context<'_>) -> Poll<Outcome<E, A>> {
        loop {
            let decided = match &mut self.stage {
                Stage::Sent(pending) => ready!(Pin::new(pending).poll(context)),
                Stage::Decided(decided) => std::mem::replace(&mut **decided, Err(CommandError::Stopped)),
                Stage::Waiting(outcome) => return outcome.as_mut().poll(context),
            };
            if let Some(receipt) = self.receipt_or_wait(base, decided) {
                return Poll::Ready(Ok(receipt));
            }
        }
    }

    /// The receipt if nothing more is to be waited for, and otherwise begins to wait.
    fn receipt_or_wait(&mut self, base: &Arc<Base<E>>, decided: Decided<E, A>) -> Option<Receipt<E>> {
        let consistency = self.consistency;
        let decided = match decided.map(|events| base.receipt_at_once(events, consistency)) {
            Ok(Ok(receipt)) => return Some(receipt),
            Ok(Err(events)) => Ok(events),
            Err(error) => Err(error),
        };
        let base = base.clone();
        self.stage = Stage::Waiting(Box::pin(async move {
            match decided {
                Ok(events) => Ok(base.receipt(events, consistency).await),
                Err(error) => Err(base.failure(error, consistency).await),
            }
        }));
        None
    }
}

impl<E: StoredEvent> Base<E> {
    /// The failure of a command, once all awaited handlers have seen the events that a refusal is based on.
    async fn failure<R: std::error::Error + 'static>(
        &self,
        error: CommandError<R>,
        consistency: Consistency,
    ) -> CommandFailure<R> {
        if matches!(error, CommandError::Refused(_)) {
            self.wait_until_decision_is_seen(consistency).await;
        }
        command_failure(error, &self.supervisor).await
    }
}

/// The failure that a command's sender gets. After a stop, it holds the supervisor's reason.
async fn command_failure<R>(error: CommandError<R>, supervisor: &Supervisor) -> CommandFailure<R>
where
    R: std::error::Error + 'static,
{
    let unavailable = match error {
        CommandError::Refused(refusal) => return CommandFailure::Refused(refusal),
        CommandError::Conflict(_) => Unavailable::Busy,
        CommandError::Panicked { message } => Unavailable::Defect(message),
        CommandError::IdTaken { stream } => return CommandFailure::IdTaken { stream },
        CommandError::OutcomeUnknown { command_id, reason: Unanswered::Store(reason) } => {
            Unavailable::OutcomeUnknown { command_id, reason }
        }
        CommandError::OutcomeUnknown { command_id, reason: Unanswered::Stopped } => {
            let reason = match Box::pin(supervisor.stopped()).await {
                StopReason::StoreFailed { message } => message,
                stopped => stopped.to_string().into(),
            };
            Unavailable::OutcomeUnknown { command_id, reason }
        }
        CommandError::Store(StoreError::Closed) | CommandError::Stopped => Box::pin(supervisor.stopped()).await.into(),
        CommandError::Store(failed) => Unavailable::Store(failed),
    };
    unavailable.into()
}
