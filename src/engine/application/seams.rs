//! Holding handlers, letting them step, and breaking things on purpose. See [`seams`](crate::engine::seams).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::sync::oneshot;

use super::Application;
use super::read::ReadMarks;
use crate::engine::event_handler::{HandlerControl, SeamRequest};
use crate::engine::feed::ProjectionRequest;
use crate::engine::feed::checkpoints::{Checkpoints, HandlerKind, HandlerState, HandlerStatus, MAX_WAIT};
use crate::engine::log::Position;
use crate::engine::seams::{EVENT_STORE, Fault, Seam, Stepped, WhatBreaks};
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

/// A handler that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub name: &'static str,
    /// The last event it has seen.
    pub checkpoint: Position,
}

/// What has become of a handler that was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// It goes on.
    GoesOn,
    /// It is held no longer, and has crashed: it begins again when that is [mended](Application::mend).
    HasCrashed,
}

/// What is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The name of the handler, or [`EVENT_STORE`].
    pub name: String,
    /// What goes wrong there.
    pub fault: Fault,
}

/// What is held and broken of an application, for those who ask often. Cheap to clone; it does not keep the application
/// open.
#[derive(Clone, Debug)]
pub struct Seams {
    checkpoints: Checkpoints,
    broken: Arc<Mutex<BTreeMap<String, Arc<Seam>>>>,
    marks: ReadMarks,
    /// The last position that an answer had to know.
    asked_until: Arc<AtomicU64>,
}

impl Seams {
    pub(super) fn new(checkpoints: Checkpoints, marks: ReadMarks) -> Self {
        Self { checkpoints, broken: Arc::default(), marks, asked_until: Arc::default() }
    }

    /// Every handler that is held.
    pub fn held(&self) -> Vec<Held> {
        held(self.checkpoints.handlers())
            .map(|status| Held { name: status.name, checkpoint: status.checkpoint })
            .collect()
    }

    /// Whether the [event store](EVENT_STORE) is broken.
    pub fn is_store_broken(&self) -> bool {
        self.fault_of_store().is_some()
    }

    pub(super) fn fault_of_store(&self) -> Option<Fault> {
        lock(&self.broken).get(EVENT_STORE)?.fault()
    }

    /// The last event that each handler has seen.
    pub fn checkpoints(&self) -> Vec<(&'static str, Position)> {
        self.checkpoints.handlers().iter().map(|status| (status.name, status.checkpoint)).collect()
    }

    /// Whether these are of the same application.
    pub fn are_of_the_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.broken, &other.broken)
    }

    /// The projections that were read since this was asked last, and are held behind what is known of the log.
    pub fn take_answered_behind(&self) -> Vec<Held> {
        let read = self.marks.take();
        let handlers = self.checkpoints.handlers();
        let known = handlers.iter().map(|status| status.checkpoint).max().unwrap_or_default();
        let end = known.max(Position::new(self.asked_until.load(Ordering::Relaxed)));
        let behind = held(handlers)
            .filter(|status| status.kind == HandlerKind::Projection && status.checkpoint < end)
            .filter(|status| read.contains(&status.name));
        behind.map(|status| Held { name: status.name, checkpoint: status.checkpoint }).collect()
    }

    /// Notes how much of the log an answer has to know.
    pub(super) fn note_answer(&self, end: Position) {
        self.asked_until.fetch_max(end.get(), Ordering::Relaxed);
    }

    /// Ends every delay, so that nothing waits for one to close.
    pub(super) fn end_delays(&self) {
        for seam in lock(&self.broken).values() {
            if let Some(Fault::Delay(_)) = seam.fault() {
                seam.set(None);
            }
        }
    }

    /// The seam of a place.
    fn seam(&self, name: &str) -> Arc<Seam> {
        lock(&self.broken).entry(name.to_owned()).or_default().clone()
    }
}

fn held(handlers: Vec<HandlerStatus>) -> impl Iterator<Item = HandlerStatus> {
    handlers.into_iter().filter(|status| status.is_held)
}

fn has_crashed(status: &HandlerStatus) -> bool {
    status.condition.state == HandlerState::Crashed
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        let seams = lock(&self.inner.seams.broken);
        let broken = seams.iter().filter_map(|(name, seam)| Some(Broken { name: name.clone(), fault: seam.fault()? }));
        broken.collect()
    }

    /// Mends everything that is broken. A handler that has crashed begins again, with the event that it has not
    /// acknowledged. Waits until the handlers have dealt with what they have missed, at most [`MAX_WAIT`].
    pub async fn mend(&self) {
        let seams: Vec<_> =
            lock(&self.inner.seams.broken).iter().map(|(name, seam)| (name.clone(), seam.clone())).collect();
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
