//! A command that was sent, and what becomes of it.

use std::sync::Arc;

use super::{Base, CommandFailure, Receipt, Unavailable};
use crate::engine::command_handler::{CommandError, Pending, Unanswered};
use crate::engine::domain::Aggregate;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{Committed, StoreError};

/// A command on its way. Dropping it does not take the command back. It does not keep the application open, and says what
/// has become of the command also when that has ended.
#[derive(Debug)]
pub struct PendingCommand<E: 'static, A: Aggregate> {
    base: Arc<Base<E>>,
    consistency: Consistency,
    decision: Decision<A, E>,
}

type Decided<A, E> = Result<Committed<E>, CommandError<<A as Aggregate>::Refusal>>;

#[derive(Debug)]
enum Decision<A: Aggregate, E> {
    ToCome(Pending<A, E>),
    There(Box<Decided<A, E>>),
}

impl<E: StoredEvent, A: Aggregate> PendingCommand<E, A> {
    /// One that was taken.
    pub(super) fn sent(base: Arc<Base<E>>, consistency: Consistency, pending: Pending<A, E>) -> Self {
        Self { base, consistency, decision: Decision::ToCome(pending) }
    }

    /// Waits for the decision, and for nothing that follows from it.
    pub(crate) async fn decided(self) -> Self {
        let decision = match self.decision {
            Decision::ToCome(pending) => Decision::There(Box::new(pending.outcome().await)),
            there @ Decision::There(_) => there,
        };
        Self { decision, ..self }
    }

    /// Why it was refused, if it was decided and that is so.
    pub(crate) fn refusal(&self) -> Option<&A::Refusal> {
        match &self.decision {
            Decision::There(decision) => match decision.as_ref() {
                Err(CommandError::Refused(refusal)) => Some(refusal),
                _ => None,
            },
            Decision::ToCome(_) => None,
        }
    }

    /// Waits until the command's events are stored and, under strong consistency, seen by the projections and all
    /// handlers that ask to be waited for.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why there are no events.
    pub async fn outcome(self) -> Result<Receipt<E>, CommandFailure<A::Refusal>> {
        self.outcome_there().await.1
    }

    /// Whether its sender waits for the handlers.
    pub(crate) fn consistency(&self) -> Consistency {
        self.consistency
    }

    /// The same, and what to wait by for more.
    pub(crate) async fn outcome_there(self) -> (Arc<Base<E>>, Result<Receipt<E>, CommandFailure<A::Refusal>>) {
        let Self { base, consistency, decision } = self;
        let decision = match decision {
            Decision::ToCome(pending) => pending.outcome().await,
            Decision::There(decision) => *decision,
        };
        let outcome = base.outcome(decision, consistency).await;
        (base, outcome)
    }
}

impl<E: StoredEvent> Base<E> {
    /// What a caller hears of a command that was answered, once everybody has seen what it hears of.
    async fn outcome<R: std::error::Error + 'static>(
        &self,
        decision: Result<Committed<E>, CommandError<R>>,
        consistency: Consistency,
    ) -> Result<Receipt<E>, CommandFailure<R>> {
        match decision {
            Ok(events) => Ok(self.receipt(events, consistency).await),
            Err(error) => {
                if matches!(error, CommandError::Refused(_)) {
                    self.decision_seen(consistency).await;
                }
                Err(command_failure(error, &self.supervisor).await)
            }
        }
    }
}

/// What a command's error means to its sender. Where everything has stopped, the supervisor knows why.
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
