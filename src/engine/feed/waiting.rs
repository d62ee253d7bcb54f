//! Callers that wait for a position, woken in the order of positions.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use crate::engine::log::Position;

/// The position that a caller waits for, and its own number.
pub(super) type Ticket = (Position, u64);

/// The callers that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    callers: BTreeMap<Ticket, oneshot::Sender<()>>,
    next: u64,
}

impl Waiting {
    /// Adds a caller. It must give its ticket back when it stops waiting.
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

    /// Wakes the callers that wait for `seen`, or an earlier position.
    pub(super) fn wake(&mut self, seen: Position) {
        while let Some(first) = self.callers.first_entry() {
            if first.key().0 > seen {
                break;
            }
            // An error means that the caller has just stopped waiting.
            let _ = first.remove().send(());
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.callers.is_empty()
    }
}
