//! Dispatching commands from outside.

use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;

use uuid::Uuid;

use super::{Application, CommandFailure, PendingCommand, Receipt, SentCommand, Unavailable};
use crate::engine::command_handler::{CommandError, Offered};
use crate::engine::domain::{Aggregate, Contains};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::Metadata;
use crate::engine::runtime::Origin;
use crate::engine::store::codec::StoredEvent;

/// A command about to be sent. Awaiting it sends the command, waits until the events are stored and, under strong
/// consistency, seen by the projections and all awaited handlers, and returns the [`Receipt`].
#[derive(Debug)]
#[must_use = "the command is sent only when this is awaited"]
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

    /// Waits for no projection and no handler.
    pub fn eventual(self) -> Self {
        Self { consistency: Consistency::Eventual, ..self }
    }

    /// Sets the command's id, which makes sending it idempotent.
    ///
    /// A command under a given id takes effect once, however often it is sent, and by whichever program. Each time, the
    /// outcome is that of the first time, even if the aggregate would refuse the command by now, or if another user sends it.
    /// The same id with another aggregate or other content is [`CommandFailure::IdTaken`]. Refusals are not remembered. A
    /// command that was sent without a given id, or that an earlier version of the program has stored, has no stored
    /// content: under its id, commands are compared by their aggregate only.
    pub fn command_id(self, command_id: Uuid) -> Self {
        self.metadata(Metadata::from_outside(command_id))
    }

    /// Sets the command's ids: those of a [new conversation](Application::start_conversation), or ids from outside, for
    /// which the rules of [`Dispatch::command_id`] hold.
    pub fn metadata(self, origin: impl Into<Origin>) -> Self {
        Self { origin: Some(origin.into()), ..self }
    }

    /// Sends the command without waiting for its outcome.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the command was not accepted.
    pub async fn send(self) -> Result<PendingCommand<E, A>, Unavailable> {
        let base = self.application.base().clone();
        Ok(PendingCommand::of(self.offer()?.sent().await?, base))
    }

    /// Sends the command, unless the queue is full.
    fn offer(self) -> Result<Sending<'a, SentCommand<E, A>>, Unavailable> {
        let Self { application, command, origin, consistency } = self;
        let origin = origin.unwrap_or_else(|| application.start_conversation().into());
        application.offer::<A>(command, origin, consistency)
    }
}

/// A command being sent: in the queue already, or waiting for room in it.
pub(crate) enum Sending<'a, T> {
    Sent(T),
    Waiting(Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>),
}

impl<T> Sending<'_, T> {
    pub(crate) async fn sent(self) -> Result<T, Unavailable> {
        match self {
            Self::Sent(pending) => Ok(pending),
            Self::Waiting(sent) => sent.await,
        }
    }
}

impl<E: StoredEvent> Application<E> {
    /// Sends a command as [`Dispatch::send`] does. Waits for nothing: only a full queue is left to be waited for.
    pub(crate) fn offer<A: Aggregate>(
        &self,
        command: A::Command,
        origin: Origin,
        consistency: Consistency,
    ) -> Result<Sending<'_, SentCommand<E, A>>, Unavailable>
    where
        E: Contains<A::Event>,
    {
        self.takes_commands()?;
        self.checkpoints().ask();
        let origin = match origin {
            Origin::Here(_) => origin,
            Origin::Outside(metadata) => Origin::Outside(metadata.or_sent_by(&self.inner.sender)),
        };
        let Some(commands) = self.command_handler::<A>() else {
            return Err(Unavailable::Missing(format!("aggregate {:?}", A::CATEGORY)));
        };
        let unsent = match commands.offer_from(command, origin) {
            Ok(Offered::Sent(pending)) => {
                return Ok(Sending::Sent(SentCommand::new(consistency, pending)));
            }
            Ok(Offered::NotYet(unsent)) => Some(unsent),
            Err(CommandError::Panicked { message }) => return Err(Unavailable::Defect(message)),
            Err(_) => None,
        };
        Ok(Sending::Waiting(Box::pin(async move {
            if let Some(unsent) = unsent
                && let Ok(pending) = commands.wait_for_room(unsent).await
            {
                return Ok(SentCommand::new(consistency, pending));
            }
            Err(self.supervisor().stopped().await.into())
        })))
    }
}

impl<'a, E: StoredEvent + Contains<A::Event>, A: Aggregate> IntoFuture for Dispatch<'a, E, A> {
    type Output = Result<Receipt<E>, CommandFailure<A::Refusal>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let base = self.application.base();
            let mut sent = self.offer()?.sent().await?;
            poll_fn(|context| sent.poll_outcome(base, context)).await
        })
    }
}
