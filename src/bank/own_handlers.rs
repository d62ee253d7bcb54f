//! Process managers and event handlers of one's own, besides those that a bank comes with.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::any_store::{AnyStore, ask};
use super::errors::{AddHandlerError, Unavailable};
use super::handle::Inner;
use super::import;
use super::{Account, AccountEvent, Bank};
use crate::engine::event_handler::{self, EventHandler, HandlerControl, Surroundings};
use crate::engine::process_manager::{Process, ProcessManager};
use crate::engine::store::StoreError;

impl Bank {
    /// Starts a process manager of one's own. It gets events after the projections have, sends each command exactly
    /// once in effect, and goes on where it was when this bank was open with it last; from now on, strong consistency
    /// waits for it and for what it causes. [`Bank::handlers`] shows it with the others.
    ///
    /// Where several programs have one file open, each of them adds it, for any of them may have to run it.
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why it does not run.
    pub async fn add_process<P>(&self, policy: P) -> Result<(), AddHandlerError>
    where
        P: ProcessManager<Aggregate = Account>,
    {
        let _adding = self.inner.importing.lock().await;
        self.check_name(P::NAME)?;
        let Inner { store, commands, checkpoints, projections, .. } = self.inner.as_ref();
        let started = ask!(store, store => async {
            import::start_after_imported(store, P::NAME, P::STARTS, true).await?;
            let process = Process::new(policy, commands.clone(), store.clone(), checkpoints.clone());
            event_handler::join(move || process.clone(), &self.surroundings(store), projections).await
        }.await);
        self.added(started).await
    }

    /// Starts an event handler of one's own, as [`Bank::add_process`] does a process manager. Each event reaches it at
    /// least once, and strong consistency waits for it if it says so.
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why it does not run.
    pub async fn add_event_handler<H>(&self, handler: H) -> Result<(), AddHandlerError>
    where
        H: EventHandler<AccountEvent> + Clone,
    {
        let _adding = self.inner.importing.lock().await;
        self.check_name(H::NAME)?;
        let started = ask!(&self.inner.store, store => async {
            import::start_after_imported(store, H::NAME, H::STARTS, H::FOLDS).await?;
            event_handler::join(move || handler.clone(), &self.surroundings(store), &self.inner.projections).await
        }.await);
        self.added(started).await
    }

    /// Decides about the parked events of each handler.
    pub(super) fn handler_controls(&self) -> Vec<HandlerControl> {
        self.inner.handlers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn check_name(&self, name: &'static str) -> Result<(), AddHandlerError> {
        self.still_open()?;
        if self.inner.closing.load(Ordering::Acquire) {
            return Err(Unavailable::Closed.into());
        }
        let is_taken = self.inner.checkpoints.handlers().iter().any(|handler| handler.name == name);
        if is_taken { Err(AddHandlerError::NameTaken { name }) } else { Ok(()) }
    }

    fn surroundings<S: Clone>(&self, store: &S) -> Surroundings<S> {
        let Inner { checkpoints, clock, lease, retry, supervisor, .. } = self.inner.as_ref();
        Surroundings {
            store: store.clone(),
            checkpoints: checkpoints.clone(),
            clock: clock.clone(),
            lease: lease.clone(),
            retry: *retry,
            supervisor: supervisor.clone(),
        }
    }

    async fn added(&self, started: Result<HandlerControl, StoreError>) -> Result<(), AddHandlerError> {
        let control = self.or_unavailable(started).await?;
        self.inner.handlers.lock().unwrap_or_else(PoisonError::into_inner).push(control);
        Ok(())
    }
}
