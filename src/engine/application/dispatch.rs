//! Dispatching commands from outside.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use uuid::Uuid;

use super::{Application, CommandFailure, PendingCommand, Receipt, Unavailable};
use crate::engine::command_handler::CommandError;
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
    /// outcome is that of the first time, even if the aggregate would refuse the command by now. The same id with another
    /// aggregate or other content is [`CommandFailure::IdTaken`]. Refusals are not remembered.
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
        let Self { application, command, origin, consistency } = self;
        application.takes_commands()?;
        let Some(commands) = application.command_handler::<A>() else {
            return Err(Unavailable::Missing(format!("aggregate {:?}", A::CATEGORY)));
        };
        let origin = origin.unwrap_or_else(|| application.start_conversation().into());
        match commands.send_from(command, origin).await {
            Ok(pending) => {
                let base = application.inner.base.clone();
                Ok(PendingCommand::sent(base, consistency, pending))
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
