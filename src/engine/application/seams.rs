//! Holding handlers, letting them step, and breaking things on purpose. See [`seams`](crate::engine::seams).

use thiserror::Error;
use tokio::sync::oneshot;

use super::Application;
use super::held_and_broken::{Broken, Seams};
use crate::engine::event_handler::{HandlerControl, SeamRequest};
use crate::engine::feed::ProjectionRequest;
use crate::engine::feed::checkpoints::{HandlerKind, HandlerState, HandlerStatus, MAX_WAIT};
use crate::engine::seams::{EVENT_STORE, Fault, Stepped, WhatBreaks};
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

/// Why nothing was held, stepped, released or broken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SeamError {
    /// There is no handler of this name.
    #[error("there is no handler {name:?}")]
    NoHandler {
        /// The name.
        name: String,
    },
    /// The handler does not run: it has stopped or crashed, or another process runs it.
    #[error("the handler does not run here")]
    NotRunning,
    /// The handler has crashed, and gets nothing until that is [mended](Application::mend).
    #[error("the handler has crashed")]
    Crashed,
    /// The handler is not held.
    #[error("the handler is not held")]
    NotHeld,
    /// There is no event to step to.
    #[error("the handler has seen every event that it wants")]
    NothingLeft,
    /// The handler has not dealt with the event it is at within [`MAX_WAIT`]. It goes on with it, and then does what it was
    /// asked to.
    #[error("the handler is still busy with its event")]
    StillBusy,
    /// This cannot go wrong there.
    #[error("this cannot go wrong there: {fault}")]
    DoesNotFit {
        /// What.
        fault: Fault,
    },
}

/// What has become of a handler that was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// It goes on.
    GoesOn,
    /// It is held no longer, and has crashed: it begins again when that is [mended](Application::mend).
    HasCrashed,
}

fn has_crashed(status: &HandlerStatus) -> bool {
    status.condition.state == HandlerState::Crashed
}

/// The handler that a request is about.
enum Target {
    Projection(&'static str),
    Handler(HandlerControl),
}

impl<E: StoredEvent> Application<E> {
    /// What is held and broken.
    pub fn seams(&self) -> Seams {
        self.inner.seams.clone()
    }

    /// The names of all handlers, in the order in which events are delivered to them.
    pub fn handler_names(&self) -> Vec<&'static str> {
        self.checkpoints().handlers().iter().map(|status| status.name).collect()
    }

    /// Holds a projection, an event handler or a process manager: from now on it gets no event but those of a
    /// [step](Application::step). Callers do not wait for it, and are told that it lags. A handler finishes the event it
    /// has begun. When the application closes, a handler that is held keeps its place, and goes on from there at the next
    /// start.
    ///
    /// # Errors
    ///
    /// [`SeamError`]: why it is not held.
    pub async fn hold(&self, name: &str) -> Result<(), SeamError> {
        self.be_where_the_log_is().await;
        match self.target(name)? {
            Target::Projection(name) => self.ask_projection(name, |reply| ProjectionRequest::Hold { reply }).await,
            Target::Handler(control) => self.ask_handler(&control, |reply| SeamRequest::Hold { reply }).await,
        }
    }

    /// Lets a handler that is held have so many of its next events, and waits until it has dealt with them: acknowledged or
    /// parked them. Returns how many there were.
    ///
    /// # Errors
    ///
    /// [`SeamError`]: why it has got none.
    pub async fn step(&self, name: &str, events: u64) -> Result<Stepped, SeamError> {
        let target = self.target(name)?;
        self.check_held(name)?;
        // What the step before has led to is stored, and may be on its way to the handler.
        let end = self.store().end().await.unwrap_or_default();
        self.checkpoints().wait_until_projections_have_seen(end, MAX_WAIT).await;
        let stepped = match target {
            Target::Projection(name) => {
                self.ask_projection(name, |reply| ProjectionRequest::Step { events, reply }).await
            }
            Target::Handler(control) => self.ask_handler(&control, |reply| SeamRequest::Step { events, reply }).await,
        };
        match stepped {
            Ok(Stepped { events: 0 }) => Err(SeamError::NothingLeft),
            Err(SeamError::NotRunning) if self.status(name).is_some_and(|status| has_crashed(&status)) => {
                Err(SeamError::Crashed)
            }
            stepped => stepped,
        }
    }

    /// Lets a handler that is held go on, and waits until it has dealt with what it has missed, at most [`MAX_WAIT`].
    ///
    /// # Errors
    ///
    /// [`SeamError`]: why it does not go on.
    pub async fn release(&self, name: &str) -> Result<Released, SeamError> {
        let target = self.target(name)?;
        self.check_held(name)?;
        let end = self.store().end().await.unwrap_or_default();
        match target {
            Target::Projection(name) => self.ask_projection(name, |reply| ProjectionRequest::Release { reply }).await,
            Target::Handler(control) => self.ask_handler(&control, |reply| SeamRequest::Release { reply }).await,
        }?;
        let is_settled = self.wait_until_settled().await;
        match self.status(name) {
            Some(status) if has_crashed(&status) => Ok(Released::HasCrashed),
            // One that nobody waits for goes on by itself, and tries again when it is due. One that waits for a projection
            // that it reads, and that is held, has not begun with its event.
            Some(status) if !is_settled && status.checkpoint < end && status.condition.attempts > 0 => {
                Err(SeamError::StillBusy)
            }
            _ => Ok(Released::GoesOn),
        }
    }

    /// Lets something go wrong: at a handler, or at the [event store](EVENT_STORE). It replaces what went wrong there before,
    /// which is returned.
    ///
    /// # Errors
    ///
    /// [`SeamError`]: why nothing is broken.
    pub async fn break_(&self, name: &str, fault: Fault) -> Result<Option<Fault>, SeamError> {
        self.be_where_the_log_is().await;
        let does_fit = |place| if fault.fits(place) { Ok(()) } else { Err(SeamError::DoesNotFit { fault }) };
        let seam = self.inner.seams.seam(name);
        if name == EVENT_STORE {
            does_fit(WhatBreaks::Store)?;
            self.inner.commands.break_store(&seam).await;
        } else {
            match self.target(name)? {
                Target::Projection(name) => {
                    does_fit(WhatBreaks::Projection)?;
                    let seam = seam.clone();
                    self.ask_projection(name, |reply| ProjectionRequest::Break { seam, reply }).await?;
                }
                Target::Handler(control) => {
                    does_fit(WhatBreaks::Handler)?;
                    if self.status(name).is_some_and(|status| has_crashed(&status)) {
                        return Err(SeamError::Crashed);
                    }
                    let seam = seam.clone();
                    self.ask_handler(&control, |reply| SeamRequest::Break { seam, reply }).await?;
                }
            }
        }
        Ok(seam.set(Some(fault)))
    }

    /// What is broken, by name.
    pub fn breaks(&self) -> Vec<Broken> {
        let seams = self.inner.seams.all().into_iter();
        seams.filter_map(|(name, seam)| Some(Broken { name, fault: seam.fault()? })).collect()
    }

    /// Mends everything that is broken. A handler that has crashed begins again, with the event that it has not
    /// acknowledged. Waits until the handlers have dealt with what they have missed, at most [`MAX_WAIT`].
    pub async fn mend(&self) {
        let seams = self.inner.seams.all();
        for (_, seam) in &seams {
            seam.set(None);
        }
        let is_broken = |control: &HandlerControl| seams.iter().any(|(name, _)| name == control.name());
        for control in self.handler_controls().into_iter().filter(is_broken) {
            // One that does not run here has nothing to be mended.
            let _ = self.ask_handler(&control, |reply| SeamRequest::Mend { reply }).await;
        }
        self.wait_until_settled().await;
    }

    /// In a fork that nobody has asked for anything yet, lets the handlers come to where they were when the log ended
    /// there: what is held or broken afterwards is what happens next.
    async fn be_where_the_log_is(&self) {
        if !self.checkpoints().is_asked() {
            self.checkpoints().ask();
            self.wait_until_settled().await;
        }
    }

    fn target(&self, name: &str) -> Result<Target, SeamError> {
        let status = self.status(name).ok_or_else(|| SeamError::NoHandler { name: name.to_owned() })?;
        let control = || self.handler_controls().into_iter().find(|control| control.name() == name);
        match (status.condition.state, status.kind) {
            (HandlerState::Stopped | HandlerState::RunningElsewhere, _) => Err(SeamError::NotRunning),
            (_, HandlerKind::Projection) => Ok(Target::Projection(status.name)),
            (_, HandlerKind::EventHandler | HandlerKind::ProcessManager) => {
                control().map(Target::Handler).ok_or(SeamError::NotRunning)
            }
        }
    }

    fn status(&self, name: &str) -> Option<HandlerStatus> {
        self.checkpoints().handlers().into_iter().find(|status| status.name == name)
    }

    fn check_held(&self, name: &str) -> Result<(), SeamError> {
        if self.inner.seams.held().iter().any(|held| held.name == name) { Ok(()) } else { Err(SeamError::NotHeld) }
    }

    async fn ask_projection<T>(
        &self,
        name: &str,
        request: impl FnOnce(oneshot::Sender<T>) -> ProjectionRequest,
    ) -> Result<T, SeamError> {
        let asked = self.supervisor().timeout(MAX_WAIT, self.inner.feed.ask_projection(name, request)).await;
        asked.ok_or(SeamError::StillBusy)?.ok_or(SeamError::NotRunning)
    }

    async fn ask_handler<T>(
        &self,
        control: &HandlerControl,
        request: impl FnOnce(oneshot::Sender<T>) -> SeamRequest,
    ) -> Result<T, SeamError> {
        let asked = self.supervisor().timeout(MAX_WAIT, control.ask_at_seam(request)).await;
        asked.ok_or(SeamError::StillBusy)?.map_err(|_| SeamError::NotRunning)
    }
}
