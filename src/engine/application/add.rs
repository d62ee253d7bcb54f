//! Adding projections, process managers and event handlers to a running application.

use std::sync::PoisonError;

use super::builder::Part;
use super::upkeep::KnownHandler;
use super::{AddHandlerError, Application, Builder, Unavailable};
use crate::engine::event_handler::{self, EventHandler, HandlerControl, Joining};
use crate::engine::feed::{JoinError, RemoveError};
use crate::engine::process_manager::{Process, ProcessManager};
use crate::engine::projection::{Projection, ReadModel};
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Application<E> {
    /// Adds a projection and returns once it has caught up with the log. From then on, strong consistency waits for
    /// the projection, [`Application::rebuild`] rebuilds it, and its rows are stored if it has any.
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why the projection was not added.
    pub async fn add_projection<P: Projection<E>>(&self) -> Result<ReadModel<P>, AddHandlerError> {
        let _adding = self.inner.changing.lock().await;
        self.check_name(P::NAME)?;
        let error = match self.inner.feed.add::<P, _>(self.store()).await {
            Ok(model) => {
                self.inner.models.add(model.clone());
                self.inner.upkeep.add_projection::<P>();
                self.remember(Part::named(P::NAME, Builder::projection::<P>));
                return Ok(model);
            }
            Err(JoinError::Panicked { message }) => return Err(AddHandlerError::Panicked { message }),
            Err(JoinError::Store(error)) => error,
            Err(JoinError::Stopped) => StoreError::Closed,
        };
        let unavailable: Result<ReadModel<P>, Unavailable> = self.or_unavailable(Err(error)).await;
        Ok(unavailable?)
    }

    /// Removes a projection that was [added](Application::add_projection), whether it runs or has stopped. Commands no
    /// longer wait for it, and reading it answers [`Unavailable::Missing`]; a [`ReadModel`] that the caller still holds
    /// keeps its last state. The store keeps the projection's rows, and adding it again continues from them.
    ///
    /// # Errors
    ///
    /// [`RemoveError`]: why no projection was removed.
    pub async fn remove_projection<P: Projection<E>>(&self) -> Result<(), RemoveError> {
        let _removing = self.inner.changing.lock().await;
        self.inner.feed.remove(P::NAME).await?;
        self.inner.models.remove::<E, P>();
        self.forget(P::NAME);
        Ok(())
    }

    /// Starts a process manager at its stored checkpoint. It gets each event after the projections, and each of its
    /// commands takes effect exactly once. From now on, strong consistency waits for the process manager and for what
    /// it causes, and [`Application::handlers`] lists it.
    ///
    /// Programs that share a file must all add the process manager: any of them may have to run it.
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why the process manager does not run.
    pub async fn add_process_manager<P>(&self, policy: P) -> Result<(), AddHandlerError>
    where
        P: ProcessManager<Event = E>,
    {
        let _adding = self.inner.changing.lock().await;
        self.check_name(P::NAME)?;
        let commands = self.inner.commands.clone();
        let again = policy.clone();
        let part = Part::named(P::NAME, move |builder: Builder<E>| builder.process_manager(again.clone()));
        let started = async {
            self.want_handlers().await?;
            let known = KnownHandler::process_manager(&policy);
            self.inner.upkeep.before_handler(self.store(), known).await?;
            let process = Process::new(policy, commands, self.store().clone(), self.checkpoints().clone())
                .with_longest_chain(self.inner.longest_chain);
            event_handler::begin_to_join(move || process.clone(), &self.handler_context(), &self.inner.feed).await
        };
        self.added(started.await).await?;
        self.remember(part);
        Ok(())
    }

    /// Starts an event handler, as [`Application::add_process_manager`] starts a process manager. Each event is delivered at
    /// least once. Strong consistency waits for the handler if it is [`AWAITED`](EventHandler::AWAITED).
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why the handler does not run.
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

    /// Asks for the lease if this is the first handler. Another process may have imported a log since the start.
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

    async fn added(&self, started: Result<(HandlerControl, Joining), StoreError>) -> Result<(), AddHandlerError> {
        let (control, joining) = self.or_unavailable(started).await?;
        // Before the wait: the handler runs even if the caller drops this future.
        self.inner.handlers.lock().unwrap_or_else(PoisonError::into_inner).push(control);
        joining.wait_until_seen().await;
        Ok(())
    }
}
