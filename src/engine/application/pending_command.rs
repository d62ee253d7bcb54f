//! A command that was sent, and its outcome.

use std::sync::Arc;

use super::{Base, CommandFailure, Receipt, Unavailable};
use crate::engine::command_handler::{CommandError, Pending, Unanswered};
use crate::engine::domain::Aggregate;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{Committed, StoreError};

/// A command that was sent. Dropping it does not cancel the command. It does not keep the application open, and its
/// outcome is available even after the application has ended.
#[derive(Debug)]
pub struct PendingCommand<E: 'static, A: Aggregate> {
    base: Arc<Base<E>>,
    consistency: Consistency,
    decision: Decision<A, E>,
}

type Decided<A, E> = Result<Committed<E>, CommandError<<A as Aggregate>::Refusal>>;

#[derive(Debug)]
enum Decision<A: Aggregate, E> {
    Awaited(Pending<A, E>),
    Made(Box<Decided<A, E>>),
}

impl<E: StoredEvent, A: Aggregate> PendingCommand<E, A> {
    /// A command that the command handler has accepted.
    pub(super) fn sent(base: Arc<Base<E>>, consistency: Consistency, pending: Pending<A, E>) -> Self {
        Self { base, consistency, decision: Decision::Awaited(pending) }
    }

    /// Waits for the decision, but for none of the handlers.
    pub(crate) async fn decided(self) -> Self {
        let decision = match self.decision {
            Decision::Awaited(pending) => Decision::Made(Box::new(pending.outcome().await)),
            made @ Decision::Made(_) => made,
        };
        Self { decision, ..self }
    }

    /// The refusal, if the command was decided and refused.
    pub(crate) fn refusal(&self) -> Option<&A::Refusal> {
        match &self.decision {
            Decision::Made(decision) => match decision.as_ref() {
                Err(CommandError::Refused(refusal)) => Some(refusal),
                _ => None,
            },
            Decision::Awaited(_) => None,
        }
    }

    /// Waits until the command's events are stored and, under strong consistency, seen by the projections and all
    /// awaited handlers.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why the command led to no events.
    pub async fn outcome(self) -> Result<Receipt<E>, CommandFailure<A::Refusal>> {
        let Self { base, consistency, decision } = self;
        let decision = match decision {
            Decision::Awaited(pending) => pending.outcome().await,
            Decision::Made(decision) => *decision,
        };
        match base.receipt_of_seen(decision, consistency) {
            Ok(receipt) => Ok(receipt),
            // Boxed: keeps the common future small.
            Err(decision) => Box::pin(async move { base.outcome(decision, consistency).await }).await,
        }
    }

    /// The consistency it was sent with.
    pub(crate) fn consistency(&self) -> Consistency {
        self.consistency
    }

    /// The [`Base`], for a caller that waits for more than the outcome.
    pub(crate) fn base(&self) -> &Arc<Base<E>> {
        &self.base
    }
}

impl<E: StoredEvent> Base<E> {
    /// The receipt of a command whose events are stored, and seen by whom its sender waits for.
    #[expect(clippy::result_large_err, reason = "not an error but what is still to be waited for, and moved once")]
    fn receipt_of_seen<R>(
        &self,
        decision: Result<Committed<E>, CommandError<R>>,
        consistency: Consistency,
    ) -> Result<Receipt<E>, Result<Committed<E>, CommandError<R>>> {
        match decision {
            Ok(events)
                if events.last().is_some_and(|last| consistency == Consistency::Eventual || self.is_seen(last)) =>
            {
                Ok(Receipt::of_seen(events))
            }
            decision => Err(decision),
        }
    }

    /// The outcome of a decided command, once all awaited handlers have seen its events.
    async fn outcome<R: std::error::Error + 'static>(
        &self,
        decision: Result<Committed<E>, CommandError<R>>,
        consistency: Consistency,
    ) -> Result<Receipt<E>, CommandFailure<R>> {
        match decision {
            Ok(events) => Ok(self.receipt(events, consistency).await),
            Err(error) => {
                if matches!(error, CommandError::Refused(_)) {
                    self.wait_until_decision_is_seen(consistency).await;
                }
                Err(command_failure(error, &self.supervisor).await)
            }
        }
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
