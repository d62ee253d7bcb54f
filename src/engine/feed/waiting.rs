//! Callers who wait for a position, woken in its order.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use crate::engine::log::Position;

/// A caller's place: what it waits for, and a number of its own.
pub(super) type Ticket = (Position, u64);

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    callers: BTreeMap<Ticket, oneshot::Sender<()>>,
    next: u64,
}

impl Waiting {
    /// One more. It gives its ticket back when it stops waiting, for whatever reason.
    pub(super) fn join(&mut self, position: Position) -> (Ticket, oneshot::Receiver<()>) {
        let ticket = (position, self.next);
        self.next += 1;
        let (sender, woken) = oneshot::channel();
        self.callers.insert(ticket, sender);
        (ticket, woken)
    }

    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.callers.remove(&ticket);
    }

    /// Wakes those who wait for `passed`, or for less.
    pub(super) fn wake(&mut self, passed: Position) {
        while let Some(first) = self.callers.first_entry() {
            if first.key().0 > passed {
                break;
            }
            // The caller may have stopped waiting in this very moment.
            let _ = first.remove().send(());
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.callers.is_empty()
    }
}
