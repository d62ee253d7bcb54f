//! Commands from outside, and what comes of them.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use super::seen::Seen;
use super::{Application, Base, CommandFailure, Unavailable};
use crate::engine::aggregate::Aggregate;
use crate::engine::command_handler::{CommandError, Pending, Unanswered};
use crate::engine::event::{Contains, Metadata, Position, RecordedEvent};
use crate::engine::feed::checkpoints::{Consistency, MAX_WAIT};
use crate::engine::origin::Origin;
use crate::engine::store::stored_event::StoredEvent;
use crate::engine::store::{Committed, StoreError};
use crate::engine::supervisor::{StopReason, Supervisor};

/// A command that is about to be sent. To await it sends it, and waits until its events are stored and, under strong
/// consistency, seen by all handlers; what it answers is the [`Receipt`].
#[derive(Debug)]
#[must_use = "nothing is sent before this is awaited"]
pub struct Dispatch<'a, E: 'static, A: Aggregate> {
    application: &'a Application<E>,
    command: A::Command,
    origin: Option<Origin>,
    consistency: Consistency,
}

impl<'a, E: StoredEvent + Contains<A::Event>, A: Aggregate> Dispatch<'a, E, A> {
    pub(super) fn new(application: &'a Application<E>, command: A::Command) -> Self {
        Self { application, command, origin: None, consistency: application.consistency }
    }

    /// Waits for no handler.
    pub fn eventual(self) -> Self {
        Self { consistency: Consistency::Eventual, ..self }
    }

    /// Gives the command an id that the caller knows.
    ///
    /// A command under an id that was given may be sent any number of times, also by another program, and happens once:
    /// what it has led to when it was handled first is the outcome each time, also where it would be refused by now. Of
    /// another aggregate, or with other content, it is [`CommandFailure::IdTaken`]. A refusal is not remembered.
    pub fn command_id(self, command_id: Uuid) -> Self {
        self.metadata(Metadata::from_outside(command_id))
    }

    /// Gives the command ids that were made before: those of a conversation that
    /// [was begun](Application::start_conversation), or such as [`Dispatch::command_id`] makes.
    pub fn metadata(self, origin: impl Into<Origin>) -> Self {
        Self { origin: Some(origin.into()), ..self }
    }

    /// Sends the command and does not wait for what becomes of it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the command was not taken.
    pub async fn send(self) -> Result<PendingCommand<E, A>, Unavailable> {
        let Self { application, command, origin, consistency } = self;
        application.takes_commands()?;
        let Some(commands) = application.command_handler::<A>() else {
            return Err(Unavailable::Missing(format!("aggregate {:?}", A::CATEGORY)));
        };
        let origin = origin.unwrap_or_else(|| application.start_conversation().into());
        match commands.send_from(command, origin).await {
            Ok(pending) => {
                let base = application.inner.base.clone();
                Ok(PendingCommand { base, consistency, answer: Answer::ToCome(pending) })
            }
            Err(CommandError::Panicked { message }) => Err(Unavailable::Defect(message)),
            Err(_) => Err(application.supervisor().stopped().await.into()),
        }
    }
}

impl<'a, E: StoredEvent + Contains<A::Event>, A: Aggregate> IntoFuture for Dispatch<'a, E, A> {
    type Output = Result<Receipt<E>, CommandFailure<A::Refusal>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.send().await?.outcome().await })
    }
}

/// A command that was handled: the events it has led to are stored.
#[derive(Clone, Debug)]
pub struct Receipt<E> {
    events: Committed<E>,
    seen: Seen,
}

impl<E> Receipt<E> {
    pub(super) fn new(events: Committed<E>, seen: Seen) -> Self {
        Self { events, seen }
    }

    /// The command's events, in order.
    pub fn events(&self) -> &[RecordedEvent<E>] {
        &self.events
    }

    /// The same, for who wants nothing else.
    pub fn into_events(self) -> Committed<E> {
        self.events
    }

    /// The position of the command's last event.
    pub fn position(&self) -> Position {
        self.events.last().map_or(Position::START, |event| event.position)
    }

    /// The handlers that had not seen the last event when waiting for them ended: queries may answer from
    /// before it. Always empty when nobody was waited for.
    pub fn lagging(&self) -> &[&'static str] {
        &self.seen.lagging
    }

    /// The position of the last event that was waited for: the command's own, or one that a process manager has
    /// made of it.
    pub fn seen_up_to(&self) -> Position {
        self.seen.up_to
    }

    /// When waiting for this ends at the latest.
    pub(crate) fn deadline(&self) -> Instant {
        self.seen.deadline.unwrap_or_else(|| Instant::now() + MAX_WAIT)
    }

    /// The same, waited for up to somewhere else.
    pub(crate) fn and_seen(self, seen: Seen) -> Self {
        Self { seen, ..self }
    }
}

/// A command on its way. Dropping it does not take the command back. It does not keep the application open, and says what
/// has become of the command also when that has ended.
#[derive(Debug)]
pub struct PendingCommand<E: 'static, A: Aggregate> {
    base: Arc<Base<E>>,
    consistency: Consistency,
    answer: Answer<A, E>,
}

type Decided<A, E> = Result<Committed<E>, CommandError<<A as Aggregate>::Refusal>>;

#[derive(Debug)]
enum Answer<A: Aggregate, E> {
    ToCome(Pending<A, E>),
    There(Box<Decided<A, E>>),
}

impl<E: StoredEvent, A: Aggregate> PendingCommand<E, A> {
    /// Waits for the decision, and for nothing that follows from it.
    pub(crate) async fn decided(self) -> Self {
        let answer = match self.answer {
            Answer::ToCome(pending) => Answer::There(Box::new(pending.outcome().await)),
            there @ Answer::There(_) => there,
        };
        Self { answer, ..self }
    }

    /// Why it was refused, if it was decided and that is so.
    pub(crate) fn refusal(&self) -> Option<&A::Refusal> {
        match &self.answer {
            Answer::There(answer) => match answer.as_ref() {
                Err(CommandError::Refused(refusal)) => Some(refusal),
                _ => None,
            },
            Answer::ToCome(_) => None,
        }
    }

    /// Waits until the command's events are stored and, under strong consistency, seen by all handlers.
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
        let Self { base, consistency, answer } = self;
        let answer = match answer {
            Answer::ToCome(pending) => pending.outcome().await,
            Answer::There(answer) => *answer,
        };
        let outcome = base.outcome(answer, consistency).await;
        (base, outcome)
    }
}

impl<E: StoredEvent> Base<E> {
    /// What a caller hears of a command that was answered, once everybody has seen what it hears of.
    async fn outcome<R: std::error::Error + 'static>(
        &self,
        answer: Result<Committed<E>, CommandError<R>>,
        consistency: Consistency,
    ) -> Result<Receipt<E>, CommandFailure<R>> {
        match answer {
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
