//! Waiting until handlers have seen an event.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::state::{Group, Shared, State};
use super::status::HandlerState;
use super::{Checkpoints, Slot};
use crate::engine::feed::waiting::Ticket;
use crate::engine::log::Position;

/// The longest wait. Afterwards the caller learns that the event is stored, and which handlers lag.
pub const MAX_WAIT: Duration = Duration::from_secs(5);

impl Checkpoints {
    /// Whether all awaited handlers have seen `position`.
    pub fn is_seen_by_all(&self, position: Position) -> bool {
        self.shared.seen_by_all.load(Ordering::Acquire) >= position.get()
    }

    /// Whether all projections have seen `position`.
    pub fn is_seen_by_projections(&self, position: Position) -> bool {
        self.shared.seen_by_projections.load(Ordering::Acquire) >= position.get()
    }

    /// Waits until all awaited handlers have seen `position`, at most `max_wait`. Returns the names of those that lag.
    pub async fn wait_until_seen(&self, position: Position, max_wait: Duration) -> Vec<&'static str> {
        if self.is_seen_by_all(position) {
            return Vec::new();
        }
        // Whether the wait timed out shows in the checkpoints.
        let _ = self.shared.supervisor.timeout(max_wait, self.all_have_seen(position)).await;
        self.lagging(position)
    }

    /// Waits until all awaited handlers have seen `position`, without a timeout.
    pub(in crate::engine) async fn all_have_seen(&self, position: Position) {
        self.wait_for(|state| &mut state.all, position).await;
    }

    /// Waits until all projections have seen `position`, at most `max_wait`. Returns the names of those that lag.
    pub async fn wait_until_projections_have_seen(&self, position: Position, max_wait: Duration) -> Vec<&'static str> {
        if self.is_seen_by_projections(position) {
            return Vec::new();
        }
        let _ = self.shared.supervisor.timeout(max_wait, self.projections_have_seen(position)).await;
        let state = self.shared.lock();
        let waited_for = state.projections().filter(|(handler, _)| handler.holds.is_none());
        let behind = waited_for.filter(|(_, place)| place.checkpoint < position);
        behind.map(|(handler, _)| handler.name).collect()
    }

    /// Waits until all projections have seen `position`, without a timeout.
    pub async fn projections_have_seen(&self, position: Position) {
        self.wait_for(|state| &mut state.projections, position).await;
    }

    /// Waits until every handler has seen `position` and what process managers cause by it; at most `max_wait`.
    /// A handler that has stopped, runs elsewhere, or is not awaited and waits to retry is not waited for, and neither are
    /// conversations that begin after `position`. Returns whether all that was within `max_wait`.
    pub async fn wait_until_settled(&self, position: Position, max_wait: Duration) -> bool {
        let followed = Following::begin(&self.shared, position);
        let settled = self.wait_until(|state| state.is_settled_at(state.conversations.followed_until(followed.number)));
        self.shared.supervisor.timeout(max_wait, settled).await.is_some()
    }

    /// Waits until a handler has seen or tried `position`, has stopped, or runs elsewhere; at most `max_wait`.
    pub(in crate::engine) async fn wait_until_tried(&self, slot: &Slot, position: Position, max_wait: Duration) {
        let tried = self.wait_until(|state| {
            let mut handlers = state.handlers().filter(|(_, place)| place.owner == slot.owner);
            handlers.all(|(handler, place)| {
                place.checkpoint >= position
                    || !handler.holds.is_none()
                    || handler.condition.state != HandlerState::Running
            })
        });
        // After a timeout, callers ask which handlers lag.
        let _ = self.shared.supervisor.timeout(max_wait, tried).await;
    }

    async fn wait_until(&self, is_so: impl Fn(&State) -> bool) {
        let _waiting = WaitingForChange::begin(&self.shared);
        loop {
            let changed = self.shared.changed.notified();
            if is_so(&self.shared.lock()) {
                break;
            }
            changed.await;
        }
    }

    async fn wait_for(&self, group: GroupOf, position: Position) {
        self.ask();
        let (ticket, woken) = {
            let mut state = self.shared.lock();
            let Group { seen, waiting } = group(&mut state);
            if *seen >= position {
                return;
            }
            waiting.join(position)
        };
        let _waiting = WaitingCaller { shared: &self.shared, group, ticket };
        // An error cannot happen: the ticket keeps the sender.
        let _ = woken.await;
    }
}

/// The group that a caller waits for.
type GroupOf = fn(&mut State) -> &mut Group;

/// A caller's ticket, given back when the wait ends or is dropped.
struct WaitingCaller<'a> {
    shared: &'a Shared,
    group: GroupOf,
    ticket: Ticket,
}

impl Drop for WaitingCaller<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        (self.group)(&mut state).waiting.leave(self.ticket);
    }
}

struct WaitingForChange<'a>(&'a Shared);

impl<'a> WaitingForChange<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.lock().waiting_for_change += 1;
        Self(shared)
    }
}

impl Drop for WaitingForChange<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting_for_change -= 1;
    }
}

/// The conversations that a caller waits for.
struct Following<'a> {
    shared: &'a Shared,
    number: u64,
}

impl<'a> Following<'a> {
    fn begin(shared: &'a Shared, begun_by: Position) -> Self {
        Self { shared, number: shared.lock().conversations.follow(begun_by) }
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.shared.lock().conversations.unfollow(self.number);
    }
}
