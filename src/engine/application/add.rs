//! Projections, process managers and event handlers that come while an application runs.

use std::sync::PoisonError;

use super::upkeep::KnownHandler;
use super::{AddHandlerError, Application, Unavailable};
use crate::engine::event_handler::{self, Arriving, EventHandler, HandlerControl};
use crate::engine::feed::{JoinError, RemoveError};
use crate::engine::process_manager::{Process, ProcessManager};
use crate::engine::projection::{Projection, ReadModel};
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Application<E> {
    /// Adds a projection: over everything that has happened, then live. What has happened it knows when this answers.
    /// From now on, strong consistency waits for it, it is rebuilt with the others, and its rows are stored with theirs
    /// if it has any.
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why it is not there.
    pub async fn add_projection<P: Projection<E>>(&self) -> Result<ReadModel<P>, AddHandlerError> {
        let _adding = self.inner.changing.lock().await;
        self.check_name(P::NAME)?;
        let closed = match self.inner.feed.add::<P, _>(self.store()).await {
            Ok(model) => {
                self.inner.models.add(model.clone());
                self.inner.upkeep.add_projection::<P>();
                return Ok(model);
            }
            Err(JoinError::Panicked { message }) => return Err(AddHandlerError::Panicked { message }),
            Err(JoinError::Store(error)) => error,
            Err(JoinError::Stopped) => StoreError::Closed,
        };
        let closed: Result<ReadModel<P>, Unavailable> = self.or_unavailable(Err(closed)).await;
        Ok(closed?)
    }

    /// Removes a projection that [was added](Application::add_projection), whether it still runs or has stopped. Nobody
    /// waits for it any more and questions to it are [`Unavailable::Missing`]; whoever holds its read model keeps what it
    /// knew last. The store keeps its rows, from which it goes on when it is added again.
    ///
    /// # Errors
    ///
    /// [`RemoveError`]: why there was nothing to remove.
    pub async fn remove_projection<P: Projection<E>>(&self) -> Result<(), RemoveError> {
        let _removing = self.inner.changing.lock().await;
        self.inner.feed.remove(P::NAME).await?;
        self.inner.models.remove::<P>();
        Ok(())
    }

    /// Starts a process manager. It gets events after the projections have, sends each command exactly once in effect,
    /// and goes on where it was when this store was open with it last; from now on, strong consistency waits for it and
    /// for what it causes. [`Application::handlers`] shows it with the others.
    ///
    /// Where several programs have one file open, each of them adds it, for any of them may have to run it.
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why it does not run.
    pub async fn add_process<P>(&self, policy: P) -> Result<(), AddHandlerError>
    where
        P: ProcessManager<Event = E>,
    {
        let _adding = self.inner.changing.lock().await;
        self.check_name(P::NAME)?;
        let commands = self.inner.commands.clone();
        let started = async {
            self.want_handlers().await?;
            let known = KnownHandler::process_manager(&policy);
            self.inner.upkeep.before_handler(self.store(), known).await?;
            let process = Process::new(policy, commands, self.store().clone(), self.checkpoints().clone());
            event_handler::begin_to_join(move || process.clone(), &self.handler_context(), &self.inner.feed).await
        };
        self.added(started.await).await
    }

    /// Starts an event handler, as [`Application::add_process`] does a process manager. Each event reaches it at
    /// least once, and strong consistency waits for it if it says so.
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why it does not run.
    pub async fn add_event_handler<H>(&self, handler: H) -> Result<(), AddHandlerError>
    where
        H: EventHandler<E> + Clone,
    {
        let _adding = self.inner.changing.lock().await;
        self.check_name(H::NAME)?;
        let started = async {
            self.want_handlers().await?;
            let known = KnownHandler::event_handler::<H>();
            self.inner.upkeep.before_handler(self.store(), known).await?;
            event_handler::begin_to_join(move || handler.clone(), &self.handler_context(), &self.inner.feed).await
        };
        self.added(started.await).await
    }

    /// Asks for the right to run handlers, where there were none here so far. Much may have happened since the start.
    pub(super) async fn want_handlers(&self) -> Result<(), StoreError> {
        if self.inner.lease.want(self.store()).await?
            && let Err(reason) = self.inner.upkeep.taken_over(self.store()).await
        {
            self.supervisor().stop(reason);
            return Err(StoreError::Closed);
        }
        Ok(())
    }

    fn check_name(&self, name: &'static str) -> Result<(), AddHandlerError> {
        self.still_open()?;
        self.takes_commands()?;
        let is_taken = self.checkpoints().handlers().iter().any(|handler| handler.name == name);
        if is_taken { Err(AddHandlerError::NameTaken { name }) } else { Ok(()) }
    }

    async fn added(&self, started: Result<(HandlerControl, Arriving), StoreError>) -> Result<(), AddHandlerError> {
        let (control, arriving) = self.or_unavailable(started).await?;
        // It runs, whether its caller waits for it or not.
        self.inner.handlers.lock().unwrap_or_else(PoisonError::into_inner).push(control);
        arriving.has_arrived().await;
        Ok(())
    }
}
