//! The projections of the feed, each with its checkpoint.

use super::checkpoints::{Checkpoints, Condition, HandlerState, Slot};
use super::recover::{MAX_ATTEMPTS, fold_again, take_again};
use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::projection::ProjectionHost;
use crate::engine::runtime::StopReason;
use crate::engine::store::{Committed, EventStore};

/// The projections of the feed. Those that never [run](Members::run) are deregistered on drop.
pub(super) struct Members<E> {
    checkpoints: Checkpoints,
    running: Vec<Member<E>>,
    stopped: Vec<(&'static str, Slot)>,
    are_running: bool,
}

struct Member<E> {
    host: Box<dyn ProjectionHost<E>>,
    checkpoint: Slot,
    /// Added while the feed ran: if it fails, it alone stops.
    is_added: bool,
}

impl<E> Members<E> {
    pub(super) fn new(checkpoints: Checkpoints) -> Self {
        Self { checkpoints, running: Vec::new(), stopped: Vec::new(), are_running: false }
    }

    /// Callers wait for a projection from now on.
    pub(super) fn join(&mut self, host: Box<dyn ProjectionHost<E>>) {
        let checkpoint = self.checkpoints.register(host.name(), host.done());
        self.running.push(Member { host, checkpoint, is_added: self.are_running });
    }

    /// The feed's task has begun. Projections that join from now on are added ones.
    pub(super) fn run(&mut self) {
        self.are_running = true;
    }

    /// The position that all of them have seen.
    pub(super) fn all_done(&self) -> Option<Position> {
        self.running.iter().map(|member| member.host.done()).min()
    }

    pub(super) fn hosts(&mut self) -> impl Iterator<Item = &mut dyn ProjectionHost<E>> {
        self.running.iter_mut().map(|member| &mut *member.host as &mut dyn ProjectionHost<E>)
    }

    /// One of [`Members::hosts`], by its place.
    pub(super) fn host(&mut self, place: usize) -> &mut dyn ProjectionHost<E> {
        self.running[place].host.as_mut()
    }

    /// The slots of the projections that run: they acknowledge what they have seen.
    pub(super) fn acknowledged(&self) -> impl Iterator<Item = &Slot> {
        self.running.iter().map(|member| &member.checkpoint)
    }

    /// Advances each checkpoint to what the projection has seen.
    pub(super) fn acknowledge_what_is_done(&self) {
        for Member { host, checkpoint, .. } in &self.running {
            self.checkpoints.advance([checkpoint], host.done());
        }
    }

    /// Whether a projection of this name was added, and not removed.
    pub(super) fn is_added(&self, name: &str) -> bool {
        let mut running = self.running.iter().filter(|member| member.is_added);
        running.any(|member| member.host.name() == name) || self.stopped.iter().any(|(stopped, _)| *stopped == name)
    }

    /// Removes an added projection.
    pub(super) fn remove(&mut self, name: &str) {
        let running = self.running.extract_if(.., |member| member.is_added && member.host.name() == name);
        let stopped = self.stopped.extract_if(.., |(stopped, _)| *stopped == name);
        for checkpoint in running.map(|member| member.checkpoint).chain(stopped.map(|(_, checkpoint)| checkpoint)) {
            self.checkpoints.deregister(&checkpoint);
        }
    }
}

impl<E: DomainEvent> Members<E> {
    /// Lets every projection apply events. Returns whether one has panicked. An added one that keeps panicking stops alone.
    pub(super) async fn take<S: EventStore<E>>(
        &mut self,
        events: &Committed<E>,
        store: &S,
    ) -> Result<bool, StopReason> {
        let (mut place, mut have_panicked) = (0, false);
        while let Some(Member { host, is_added, .. }) = self.running.get_mut(place) {
            if let Err(message) = host.take(events) {
                have_panicked = true;
                match Box::pin(take_again(host.as_mut(), events, store, message)).await {
                    Err(StopReason::Panicked { message, .. }) if *is_added => {
                        Box::pin(self.stop(place, message, store)).await?;
                        continue;
                    }
                    taken => taken?,
                }
            }
            place += 1;
        }
        Ok(have_panicked)
    }

    async fn stop<S: EventStore<E>>(&mut self, place: usize, message: String, store: &S) -> Result<(), StopReason> {
        let Member { mut host, checkpoint, .. } = self.running.remove(place);
        // Readers keep its last whole state, not one that a panic left half changed.
        match fold_again(host.as_mut(), store).await {
            Ok(()) | Err(StopReason::Panicked { .. }) => {}
            Err(reason) => return Err(reason),
        }
        let (name, done) = (host.name(), host.done());
        tracing::error!("projection {name} has stopped after position {done}: {message}");
        self.checkpoints.advance([&checkpoint], done);
        let last_error = Some(message);
        let condition = Condition { state: HandlerState::Stopped, attempts: MAX_ATTEMPTS, last_error };
        self.checkpoints.report(&checkpoint, condition);
        self.stopped.push((name, checkpoint));
        Ok(())
    }
}

impl<E> Drop for Members<E> {
    fn drop(&mut self) {
        if !self.are_running {
            self.running.iter().for_each(|member| self.checkpoints.deregister(&member.checkpoint));
        }
    }
}
