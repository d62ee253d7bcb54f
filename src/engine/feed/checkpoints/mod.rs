//! The checkpoint of each handler, and waiting for it: the basis of strong consistency.

mod asked;
mod asleep;
mod state;
mod status;
mod wait;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use uuid::Uuid;

pub(in crate::engine) use self::state::Hold;
use self::state::{Handler, Holds, Place, Shared};
pub use self::status::{Condition, HandlerKind, HandlerState, HandlerStatus};
pub use self::wait::MAX_WAIT;
use crate::engine::log::Position;
use crate::engine::runtime::Supervisor;

/// Whether a caller waits for the handlers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// A command waits until all projections, and the handlers that
    /// [ask to be waited for](crate::engine::event_handler::EventHandler::AWAITED), have seen its last event; at most
    /// [`MAX_WAIT`]. A query, or a refusal, waits until the read models include everything acknowledged before, by any
    /// process.
    #[default]
    Strong,
    /// No wait. A query answers from what its read model has seen so far: all events up to some position, which never
    /// goes back and may differ between read models. Only a query about a position waits until the read models have
    /// reached it.
    Eventual,
}

/// The checkpoints of all handlers of one store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    shared: Arc<Shared>,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self::new()
    }
}

impl Checkpoints {
    /// Without handlers, every position counts as seen.
    pub fn new() -> Self {
        Self::of(&Supervisor::new())
    }

    /// Like [`Checkpoints::new`]. Waits end when the supervisor stops.
    pub fn of(supervisor: &Supervisor) -> Self {
        Self { shared: Arc::new(Shared::new(supervisor.clone())) }
    }

    /// Adds a projection at `checkpoint`. From now on, callers wait for it too.
    pub fn register(&self, name: &'static str, checkpoint: Position) -> Slot {
        self.register_handler(name, HandlerKind::Projection, true, checkpoint)
    }

    /// Adds a handler at `checkpoint`. Callers wait for it if it is `awaited`.
    pub fn register_handler(&self, name: &'static str, kind: HandlerKind, awaited: bool, checkpoint: Position) -> Slot {
        let mut state = self.shared.lock();
        let slot = state
            .add(Handler { name, kind, awaited, condition: Condition::default(), holds: Holds::default() }, checkpoint);
        self.shared.wake(&mut state);
        slot
    }

    /// Removes a handler: it is no longer shown, and no caller waits for it. Later reports about it are ignored.
    pub fn deregister(&self, slot: &Slot) {
        let mut state = self.shared.lock();
        state.remove(slot);
        self.shared.wake(&mut state);
    }

    /// Removes a handler on drop, unless it is [kept](Registration::keep).
    pub(in crate::engine) fn registration(&self, slot: Slot) -> Registration {
        Registration { checkpoints: self.clone(), slot, is_kept: false }
    }

    /// Acknowledges every event up to `position` for some handlers, and wakes the callers that wait for that. Checkpoints
    /// never go back.
    pub fn advance<'a>(&self, handlers: impl IntoIterator<Item = &'a Slot>, position: Position) {
        let mut state = self.shared.lock();
        handlers.into_iter().for_each(|slot| state.advance(slot, position));
        self.shared.wake(&mut state);
    }

    /// Says whether callers wait for a handler from now on.
    pub fn set_awaited(&self, slot: &Slot, awaited: bool) {
        let mut state = self.shared.lock();
        state.change(slot, |handler| handler.awaited = awaited);
        self.shared.wake(&mut state);
    }

    /// Says how a handler is doing.
    pub fn report(&self, slot: &Slot, condition: Condition) {
        let mut state = self.shared.lock();
        state.change(slot, |handler| handler.condition = condition);
        self.shared.wake(&mut state);
    }

    /// Says whether a handler gets no events for this reason.
    pub(in crate::engine) fn set_hold(&self, slot: &Slot, hold: Hold, is_so: bool) {
        let mut state = self.shared.lock();
        state.change(slot, |handler| handler.holds.set(hold, is_so));
        self.shared.wake(&mut state);
    }

    /// The awaited handlers that are held, and have not seen `position`.
    pub(in crate::engine) fn held_back_from(&self, position: Position) -> Vec<&'static str> {
        let state = self.shared.lock();
        let held = state.awaited().filter(|(handler, _)| !handler.holds.is_none());
        held.filter(|(_, place)| place.checkpoint < position).map(|(handler, _)| handler.name).collect()
    }

    /// Extends a conversation to `position`, so that callers who wait for the conversation wait for that too. To be called
    /// before the event at `caused_by` is acknowledged.
    pub fn extend_conversation(&self, correlation_id: Uuid, caused_by: Position, position: Position) {
        let mut state = self.shared.lock();
        let seen = state.reached_by_all();
        state.conversations.extend(correlation_id, caused_by, position, seen);
        self.shared.conversations.store(state.conversations.count(), Ordering::Release);
    }

    /// The last known position of a conversation, if process managers have extended it.
    pub fn end_of_conversation(&self, correlation_id: Uuid) -> Option<Position> {
        if self.shared.conversations.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.shared.lock().conversations.end_of(correlation_id)
    }

    /// Each handler, in the order of registration.
    pub fn handlers(&self) -> Vec<HandlerStatus> {
        let state = self.shared.lock();
        let mut handlers: Vec<_> = state.handlers().collect();
        handlers.sort_by_key(|(_, place)| place.owner);
        let status = |(Handler { name, kind, condition, holds, .. }, place): (&Handler, &Place)| HandlerStatus {
            name,
            kind: *kind,
            checkpoint: place.checkpoint,
            condition: condition.clone(),
            is_held: holds.has(Hold::Held),
        };
        handlers.into_iter().map(status).collect()
    }

    /// Whether the handler of this name runs in another process.
    pub(crate) fn runs_elsewhere(&self, name: &str) -> bool {
        let state = self.shared.lock();
        let mut named = state.handlers().filter(|(handler, _)| handler.name == name);
        named.any(|(handler, _)| handler.condition.state == HandlerState::RunningElsewhere)
    }

    /// The awaited handlers that have not seen `position`.
    pub fn lagging(&self, position: Position) -> Vec<&'static str> {
        let state = self.shared.lock();
        let behind = state.awaited().filter(|(_, place)| place.checkpoint < position);
        behind.map(|(handler, _)| handler.name).collect()
    }
}

/// A handler's place among the checkpoints.
#[derive(Clone, Debug)]
pub struct Slot {
    index: usize,
    owner: u64,
}

/// A handler that is about to run. If it never does, no caller waits for it.
#[derive(Debug)]
pub(in crate::engine) struct Registration {
    checkpoints: Checkpoints,
    slot: Slot,
    is_kept: bool,
}

impl Registration {
    /// The handler runs now.
    pub(in crate::engine) fn keep(mut self) -> Slot {
        self.is_kept = true;
        self.slot.clone()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if !self.is_kept {
            self.checkpoints.deregister(&self.slot);
        }
    }
}

#[cfg(test)]
mod tests;
