//! The checkpoints themselves, under one lock.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Slot;
use super::asked::Asked;
use super::status::{Condition, HandlerKind, HandlerState};
use crate::engine::feed::conversations::FollowedConversations;
use crate::engine::feed::waiting::Waiting;
use crate::engine::log::Position;
use crate::engine::runtime::Supervisor;

#[derive(Debug)]
pub(super) struct Shared {
    /// The position that all awaited handlers have seen. Lets a caller that need not wait avoid the lock.
    pub(super) seen_by_all: AtomicU64,
    /// The position that all projections have seen.
    pub(super) seen_by_projections: AtomicU64,
    /// The number of [`State::conversations`].
    pub(super) conversations: AtomicUsize,
    state: Mutex<State>,
    /// Wakes callers that wait for a condition other than a position.
    pub(super) changed: Notify,
    /// Whether the feed has to deliver anything.
    pub(super) asked: Asked,
    /// Ends every wait when it stops, and provides the time for timeouts.
    pub(super) supervisor: Supervisor,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// The checkpoint of each handler. Apart from `handlers`, because every command reads these.
    pub(super) places: Vec<Place>,
    /// The handler of each place; `None` if the place is free.
    pub(super) handlers: Vec<Option<Handler>>,
    /// How many handlers have ever been registered.
    pub(super) registered: u64,
    pub(super) waiting_for_all: Waiting,
    pub(super) waiting_for_projections: Waiting,
    pub(super) conversations: FollowedConversations,
    /// How many callers wait for [`Shared::changed`].
    pub(super) waiting_for_change: usize,
    /// How many handlers nobody waits for, because they are held.
    pub(super) let_go: usize,
}

#[derive(Debug)]
pub(super) struct Place {
    /// The handler's number in the order of registration; 0 if the place is free.
    pub(super) owner: u64,
    pub(super) checkpoint: Position,
}

#[derive(Debug)]
pub(super) struct Handler {
    pub(super) name: &'static str,
    pub(super) kind: HandlerKind,
    pub(super) awaited: bool,
    pub(super) condition: Condition,
    pub(super) holds: Holds,
}

/// Why a handler gets no events for now. Callers do not wait for it, and are told that it lags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Hold {
    /// It is held.
    Held,
    /// It reads a projection that is held.
    ReadsHeld,
    /// It has been made to crash.
    Crashed,
}

/// All such reasons of one handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holds(u8);

impl Holds {
    pub(super) fn set(&mut self, hold: Hold, is_so: bool) {
        let bit = 1 << hold as u8;
        self.0 = if is_so { self.0 | bit } else { self.0 & !bit };
    }

    pub(super) fn has(self, hold: Hold) -> bool {
        self.0 & 1 << hold as u8 != 0
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// A group of handlers that callers wait for: the position that all of them have seen, and the callers.
pub(super) type Group = fn(&mut State) -> (Position, &mut Waiting);

impl Shared {
    pub(super) fn new(supervisor: Supervisor) -> Self {
        Self {
            seen_by_all: AtomicU64::new(u64::MAX),
            seen_by_projections: AtomicU64::new(u64::MAX),
            conversations: AtomicUsize::new(0),
            state: Mutex::default(),
            changed: Notify::new(),
            asked: Asked::default(),
            supervisor,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the callers whose wait is over after a change.
    pub(super) fn wake(&self, state: &mut State) {
        let seen = state.seen_by_all();
        // A caller that finds a held handler behind has nothing to wait for, but has to be told.
        let reached = if state.let_go == 0 { seen } else { least(state.awaited()) };
        self.seen_by_all.store(reached.get(), Ordering::Release);
        state.waiting_for_all.wake(seen);
        let seen = state.seen_by_projections();
        let reached = if state.let_go == 0 { seen } else { least(state.projections()) };
        self.seen_by_projections.store(reached.get(), Ordering::Release);
        state.waiting_for_projections.wake(seen);
        if state.waiting_for_change > 0 {
            self.changed.notify_waiters();
        }
    }
}

impl State {
    pub(super) fn add(&mut self, handler: Handler, checkpoint: Position) -> Slot {
        self.registered += 1;
        let owner = self.registered;
        let (handler, place) = (Some(handler), Place { owner, checkpoint });
        let index = match self.places.iter().position(|place| place.owner == 0) {
            Some(free) => {
                self.places[free] = place;
                self.handlers[free] = handler;
                free
            }
            None => {
                self.places.push(place);
                self.handlers.push(handler);
                self.places.len() - 1
            }
        };
        Slot { index, owner }
    }

    pub(super) fn remove(&mut self, slot: &Slot) {
        if let Some(handler) = self.handler(slot) {
            let is_let_go = !handler.holds.is_none();
            self.let_go -= usize::from(is_let_go);
            self.places[slot.index].owner = 0;
            self.handlers[slot.index] = None;
            while self.places.pop_if(|place| place.owner == 0).is_some() {
                self.handlers.pop();
            }
        }
    }

    /// `None` if the handler was removed.
    pub(super) fn place(&mut self, slot: &Slot) -> Option<&mut Place> {
        self.places.get_mut(slot.index).filter(|place| place.owner == slot.owner)
    }

    /// `None` if the handler was removed.
    pub(super) fn handler(&mut self, slot: &Slot) -> Option<&mut Handler> {
        self.place(slot)?;
        self.handlers[slot.index].as_mut()
    }

    pub(super) fn handlers(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        let handlers = self.handlers.iter().zip(&self.places);
        handlers.filter_map(|(handler, place)| Some((handler.as_ref()?, place)))
    }

    pub(super) fn awaited(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        self.handlers().filter(|(handler, _)| handler.awaited && !handler.has_stopped())
    }

    pub(super) fn projections(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        self.handlers().filter(|(handler, _)| handler.kind == HandlerKind::Projection && !handler.has_stopped())
    }

    pub(super) fn seen_by_all(&self) -> Position {
        match self.common_place() {
            Some(position) if self.awaited().next().is_some() => position,
            _ => least(self.awaited().filter(|(handler, _)| handler.holds.is_none())),
        }
    }

    pub(super) fn seen_by_projections(&self) -> Position {
        match self.common_place() {
            Some(position) if self.projections().next().is_some() => position,
            _ => least(self.projections().filter(|(handler, _)| handler.holds.is_none())),
        }
    }

    /// The position that all handlers are at, if none is held: the common case.
    fn common_place(&self) -> Option<Position> {
        let (first, others) = self.places.split_first().filter(|_| self.let_go == 0)?;
        others.iter().all(|place| place.checkpoint == first.checkpoint).then_some(first.checkpoint)
    }

    /// The position that all awaited handlers have seen, also those that are held.
    pub(super) fn reached_by_all(&self) -> Position {
        if self.let_go == 0 { self.seen_by_all() } else { least(self.awaited()) }
    }

    pub(super) fn all(&mut self) -> (Position, &mut Waiting) {
        (self.seen_by_all(), &mut self.waiting_for_all)
    }

    pub(super) fn all_projections(&mut self) -> (Position, &mut Waiting) {
        (self.seen_by_projections(), &mut self.waiting_for_projections)
    }

    pub(super) fn is_settled_at(&self, position: Position) -> bool {
        self.handlers().all(|(handler, place)| {
            place.checkpoint >= position
                || !handler.holds.is_none()
                || match handler.condition.state {
                    HandlerState::Stopped | HandlerState::RunningElsewhere | HandlerState::Crashed => true,
                    HandlerState::WaitingToRetry { .. } => !handler.awaited,
                    HandlerState::Running => false,
                }
        })
    }
}

/// The position that all of them have seen.
fn least<'a>(handlers: impl Iterator<Item = (&'a Handler, &'a Place)>) -> Position {
    handlers.map(|(_, place)| place.checkpoint).min().unwrap_or(Position::new(u64::MAX))
}

impl Handler {
    fn has_stopped(&self) -> bool {
        self.condition.state == HandlerState::Stopped
    }
}
