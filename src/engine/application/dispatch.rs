//! Commands from outside, and what comes of them.

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

/// A command that is about to be sent. To await it sends it, and waits until its events are stored and, under strong
/// consistency, seen by the projections and all handlers that ask to be waited for; what it answers is the [`Receipt`].
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
