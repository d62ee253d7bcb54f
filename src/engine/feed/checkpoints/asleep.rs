//! Handlers that sleep: the feed moves their checkpoints over the events that they do not want.
//!
//! That is decided under the lock of the checkpoints, which the feed takes for each commit anyway, so that a sleeping handler
//! costs no lock of its own.

use super::state::Asleep;
use super::{Checkpoints, Slot};
use crate::engine::log::Position;

impl Checkpoints {
    /// Lets the feed move a handler's checkpoint from now on.
    pub(in crate::engine::feed) fn fall_asleep(&self, slot: &Slot, checkpoint: Position, wake_at: Position) {
        if let Some(place) = self.shared.lock().place(slot) {
            place.asleep = Some(Asleep { skipped_to: checkpoint, wake_at });
        }
    }

    /// How far the feed has moved the checkpoint of a handler that sleeps.
    pub(in crate::engine::feed) fn skipped_to(&self, slot: &Slot) -> Option<Position> {
        Some(self.shared.lock().place(slot)?.asleep?.skipped_to)
    }

    /// Lets the feed no longer move a handler's checkpoint. Returns how far it has moved it.
    pub(in crate::engine::feed) fn wake_up(&self, slot: &Slot) -> Option<Position> {
        Some(self.shared.lock().place(slot)?.asleep.take()?.skipped_to)
    }

    /// Acknowledges every event up to `position` for the projections that have seen it, and for each handler that sleeps and
    /// does not want what comes since. Leaves those in `unwanted` that do not sleep, or have to be woken.
    pub(in crate::engine::feed) fn advance_over<'a>(
        &self,
        have_seen: impl Iterator<Item = &'a Slot>,
        unwanted: &mut Vec<usize>,
        slot_of: impl Fn(usize) -> &'a Slot,
        position: Position,
    ) {
        let mut state = self.shared.lock();
        have_seen.for_each(|slot| state.advance(slot, position));
        unwanted.retain(|handler| !state.skip(slot_of(*handler), position));
        self.shared.wake(&mut state);
    }
}
