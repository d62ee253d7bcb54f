//! What is held and what is broken of an application.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::read::ReadMarks;
use crate::engine::feed::checkpoints::{Checkpoints, HandlerKind, HandlerStatus};
use crate::engine::log::Position;
use crate::engine::seams::{EVENT_STORE, Fault, Seam};

/// A handler that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub name: &'static str,
    /// The last event it has seen.
    pub checkpoint: Position,
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

    /// Every seam that was ever broken, with the name of its place.
    pub(super) fn all(&self) -> Vec<(String, Arc<Seam>)> {
        lock(&self.broken).iter().map(|(name, seam)| (name.clone(), seam.clone())).collect()
    }

    /// The seam of a place.
    pub(super) fn seam(&self, name: &str) -> Arc<Seam> {
        lock(&self.broken).entry(name.to_owned()).or_default().clone()
    }
}

fn held(handlers: Vec<HandlerStatus>) -> impl Iterator<Item = HandlerStatus> {
    handlers.into_iter().filter(|status| status.is_held)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
