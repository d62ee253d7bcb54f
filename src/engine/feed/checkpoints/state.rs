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
    pub(super) all: Group,
    pub(super) projections: Group,
    pub(super) conversations: FollowedConversations,
    /// How many callers wait for [`Shared::changed`].
    pub(super) waiting_for_change: usize,
}

/// A handler's checkpoint, and what is asked of the handler with every command.
#[derive(Debug)]
pub(super) struct Place {
    /// The handler's number in the order of registration; 0 if the place is free.
    pub(super) owner: u64,
    pub(super) checkpoint: Position,
    /// The least that the handler may count as: the greatest position wherever it is not counted.
    counts_from: Least,
    /// While the handler sleeps.
    pub(super) asleep: Option<Asleep>,
}

/// A handler that has seen everything offered to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asleep {
    /// How far the feed has moved its checkpoint.
    pub(super) skipped_to: Position,
    /// It is to be woken once that is here.
    pub(super) wake_at: Position,
}

/// Handlers that callers wait for together.
#[derive(Debug)]
pub(super) struct Group {
    /// The position that all of them have seen, but for those that are held.
    pub(super) seen: Position,
    pub(super) waiting: Waiting,
}

impl Default for Group {
    fn default() -> Self {
        Self { seen: GREATEST, waiting: Waiting::default() }
    }
}

impl Group {
    fn advance(&mut self, seen: Position) {
        self.seen = seen;
        self.waiting.wake(seen);
    }
}

/// The least checkpoints, each of some of the handlers.
#[derive(Clone, Copy, Debug)]
struct Least {
    awaited: Position,
    awaited_not_held: Position,
    projections: Position,
    projections_not_held: Position,
}

const GREATEST: Position = Position::new(u64::MAX);

impl Least {
    /// Those of no handlers.
    const OF_NONE: Self =
        Self { awaited: GREATEST, awaited_not_held: GREATEST, projections: GREATEST, projections_not_held: GREATEST };

    /// In one pass and without a branch, because every command asks for all four.
    fn of(places: &[Place]) -> Self {
        places.iter().fold(Self::OF_NONE, |least, Place { checkpoint, counts_from, .. }| Self {
            awaited: least.awaited.min(counts_from.awaited.max(*checkpoint)),
            awaited_not_held: least.awaited_not_held.min(counts_from.awaited_not_held.max(*checkpoint)),
            projections: least.projections.min(counts_from.projections.max(*checkpoint)),
            projections_not_held: least.projections_not_held.min(counts_from.projections_not_held.max(*checkpoint)),
        })
    }

    /// The least that a handler may count as.
    fn counted_from(handler: &Handler) -> Self {
        let from = |is_counted| if is_counted { Position::START } else { GREATEST };
        let (is_awaited, is_projection, is_held) = (handler.is_awaited(), handler.is_projection(), handler.is_held());
        Self {
            awaited: from(is_awaited),
            awaited_not_held: from(is_awaited && !is_held),
            projections: from(is_projection),
            projections_not_held: from(is_projection && !is_held),
        }
    }
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
        let Least { awaited, awaited_not_held, projections, projections_not_held } = Least::of(&state.places);
        // A caller that finds a held handler behind has nothing to wait for, but has to be told.
        self.seen_by_all.store(awaited.get(), Ordering::Release);
        state.all.advance(awaited_not_held);
        self.seen_by_projections.store(projections.get(), Ordering::Release);
        state.projections.advance(projections_not_held);
        if state.waiting_for_change > 0 {
            self.changed.notify_waiters();
        }
    }
}

impl State {
    pub(super) fn add(&mut self, handler: Handler, checkpoint: Position) -> Slot {
        self.registered += 1;
        let owner = self.registered;
        let place = Place::new(&handler, owner, checkpoint);
        let handler = Some(handler);
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
        if let Some(place) = self.place(slot) {
            *place = Place::default();
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

    /// Moves a handler's checkpoint on, unless it was removed.
    pub(super) fn advance(&mut self, slot: &Slot, position: Position) {
        if let Some(place) = self.place(slot) {
            place.checkpoint = position.max(place.checkpoint);
        }
    }

    /// Moves the checkpoint of a handler that sleeps. Returns whether it goes on sleeping.
    pub(super) fn skip(&mut self, slot: &Slot, position: Position) -> bool {
        let Some(place) = self.place(slot) else { return false };
        let Some(Asleep { skipped_to, wake_at }) = &mut place.asleep else { return false };
        *skipped_to = position.max(*skipped_to);
        place.checkpoint = position.max(place.checkpoint);
        position < *wake_at
    }

    /// Changes a handler, unless it was removed.
    pub(super) fn change(&mut self, slot: &Slot, change: impl FnOnce(&mut Handler)) {
        if let Some(place) = self.places.get_mut(slot.index).filter(|place| place.owner == slot.owner)
            && let Some(handler) = &mut self.handlers[slot.index]
        {
            change(handler);
            place.counts_from = Least::counted_from(handler);
        }
    }

    pub(super) fn handlers(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        let handlers = self.handlers.iter().zip(&self.places);
        handlers.filter_map(|(handler, place)| Some((handler.as_ref()?, place)))
    }

    pub(super) fn awaited(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        self.handlers().filter(|(handler, _)| handler.is_awaited())
    }

    pub(super) fn projections(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        self.handlers().filter(|(handler, _)| handler.is_projection())
    }

    /// The position that all awaited handlers have seen, also those that are held.
    pub(super) fn reached_by_all(&self) -> Position {
        Least::of(&self.places).awaited
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

impl Default for Place {
    /// A free one.
    fn default() -> Self {
        Self { owner: 0, checkpoint: Position::START, counts_from: Least::OF_NONE, asleep: None }
    }
}

impl Place {
    fn new(handler: &Handler, owner: u64, checkpoint: Position) -> Self {
        Self { owner, checkpoint, counts_from: Least::counted_from(handler), asleep: None }
    }
}

impl Handler {
    fn is_awaited(&self) -> bool {
        self.awaited && !self.has_stopped()
    }

    fn is_projection(&self) -> bool {
        self.kind == HandlerKind::Projection && !self.has_stopped()
    }

    fn is_held(&self) -> bool {
        !self.holds.is_none()
    }

    fn has_stopped(&self) -> bool {
        self.condition.state == HandlerState::Stopped
    }
}
