//! The projections of the feed, each with its checkpoint.

use std::sync::Arc;

use super::checkpoints::{Checkpoints, Condition, HandlerState, Hold, Slot};
use super::recover::{MAX_ATTEMPTS, fold_again, take_again};
use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::projection::ProjectionHost;
use crate::engine::runtime::StopReason;
use crate::engine::runtime::trace::detail_line;
use crate::engine::seams::{Fault, Seam};
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
    is_held: bool,
    /// Where it is made to fail; `None` until somebody does.
    seam: Option<Arc<Seam>>,
}

impl<E> Members<E> {
    pub(super) fn new(checkpoints: Checkpoints) -> Self {
        Self { checkpoints, running: Vec::new(), stopped: Vec::new(), are_running: false }
    }

    /// Callers wait for a projection from now on.
    pub(super) fn join(&mut self, host: Box<dyn ProjectionHost<E>>) {
        let checkpoint = self.checkpoints.register(host.name(), host.done());
        self.running.push(Member { host, checkpoint, is_added: self.are_running, is_held: false, seam: None });
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
        self.running.iter().filter(|member| !member.is_held).map(|member| &member.checkpoint)
    }

    /// The place of a projection that runs.
    pub(super) fn place_of(&self, name: &str) -> Option<usize> {
        self.running.iter().position(|member| member.host.name() == name)
    }

    /// Where a projection is, if it is held.
    pub(super) fn held_at(&self, name: &str) -> Option<Position> {
        let mut held = self.running.iter().filter(|member| member.is_held);
        held.find(|member| member.host.name() == name).map(|member| member.host.done())
    }

    pub(super) fn have_held(&self) -> bool {
        self.running.iter().any(|member| member.is_held)
    }

    pub(super) fn hold(&mut self, place: usize) {
        let Member { checkpoint, is_held, .. } = &mut self.running[place];
        *is_held = true;
        self.checkpoints.set_hold(checkpoint, Hold::Held, true);
    }

    pub(super) fn release(&mut self, place: usize) {
        let Member { checkpoint, is_held, .. } = &mut self.running[place];
        *is_held = false;
        self.checkpoints.set_hold(checkpoint, Hold::Held, false);
    }

    pub(super) fn put_seam(&mut self, place: usize, seam: Arc<Seam>) {
        self.running[place].seam = Some(seam);
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
        let all: &[_] = events;
        while let Some(Member { host, is_added, is_held, seam, .. }) = self.running.get_mut(place) {
            if *is_held {
                place += 1;
                continue;
            }
            let taken = match seam {
                Some(seam) if seam.is_broken() => Box::pin(take_at_seam(host.as_mut(), events, seam)).await,
                Some(_) | None => host.take(all),
            };
            if let Err(message) = taken {
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

    /// Lets one projection apply events, and acknowledges them for it. Returns whether it has panicked.
    pub(super) async fn take_at<S: EventStore<E>>(
        &mut self,
        place: usize,
        events: &Committed<E>,
        store: &S,
    ) -> Result<bool, StopReason> {
        let Member { host, checkpoint, is_added, seam, .. } = &mut self.running[place];
        let taken = match seam {
            None => host.take(events),
            Some(seam) => take_at_seam(host.as_mut(), events, seam).await,
        };
        let Err(message) = taken else {
            self.checkpoints.advance([&*checkpoint], host.done());
            return Ok(false);
        };
        match Box::pin(take_again(host.as_mut(), events, store, message)).await {
            Err(StopReason::Panicked { message, .. }) if *is_added => self.stop(place, message, store).await?,
            taken => {
                taken?;
                self.checkpoints.advance([&*checkpoint], host.done());
            }
        }
        Ok(true)
    }

    async fn stop<S: EventStore<E>>(&mut self, place: usize, message: String, store: &S) -> Result<(), StopReason> {
        let Member { mut host, checkpoint, .. } = self.running.remove(place);
        self.checkpoints.set_hold(&checkpoint, Hold::Held, false);
        // Readers keep its last whole state, not one that a panic left half changed.
        match fold_again(host.as_mut(), store).await {
            Ok(()) | Err(StopReason::Panicked { .. }) => {}
            Err(reason) => return Err(reason),
        }
        host.stop(&message);
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

/// Lets a projection apply events where it may be made to fail. The error is the message of a panic.
async fn take_at_seam<E: DomainEvent>(
    host: &mut dyn ProjectionHost<E>,
    events: &Committed<E>,
    seam: &Seam,
) -> Result<(), String> {
    match seam.meet() {
        Some(Fault::Panic) => return Err("it was made to panic".to_owned()),
        Some(Fault::Delay(delay)) => seam.delay(delay).await,
        Some(Fault::Duplicate) => {
            host.take(events)?;
            for event in events.iter() {
                let (name, position, id) = (host.name(), event.position, event.metadata.correlation_id());
                detail_line!(id, "{name}: position {position} comes a second time, and is passed over");
            }
        }
        Some(_) | None => {}
    }
    host.take(events)
}

impl<E> Drop for Members<E> {
    fn drop(&mut self) {
        if !self.are_running {
            self.running.iter().for_each(|member| self.checkpoints.deregister(&member.checkpoint));
        }
    }
}
