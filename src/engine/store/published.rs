//! Commits on their way from a store to its subscribers.

use tokio::sync::broadcast;

use crate::engine::log::{Batch, Position};
use crate::engine::runtime::trace::trace_line;

/// How many commits a subscriber may fall behind before it must read from the store.
pub const PUBLISHED_CAPACITY: usize = 1_024;

/// A commit on its way to the subscribers.
#[derive(Clone, Debug)]
pub struct Published<E> {
    /// The position before this commit: a subscriber that has not reached it has missed a commit.
    pub after: Position,
    /// The events, in order. Not empty.
    pub events: Batch<E>,
}

/// The sending side of a store's commit channel. It lives as long as the store.
#[derive(Debug)]
pub struct Publisher<E> {
    sender: broadcast::Sender<Published<E>>,
    is_traced: bool,
}

impl<E: Clone> Publisher<E> {
    /// A publisher whose subscribers may fall `capacity` commits behind.
    pub fn new(capacity: usize) -> Self {
        Self { sender: broadcast::Sender::new(capacity.max(1)), is_traced: true }
    }

    /// The same, and whether the trace tells of what is published.
    #[must_use]
    pub fn traced(self, is_traced: bool) -> Self {
        Self { is_traced, ..self }
    }

    /// Whether the trace tells of what is published.
    pub fn is_traced(&self) -> bool {
        self.is_traced
    }

    /// Sends a commit to all subscribers.
    pub fn publish(&self, published: Published<E>) {
        for event in published.events.iter().filter(|_| self.is_traced) {
            trace_line!(event.metadata.correlation_id(), "Event Published");
        }
        // An error means that there are no subscribers, which is fine.
        let _ = self.sender.send(published);
    }

    /// Whether there are subscribers. One that comes later reads from the store what was published before.
    pub fn is_heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// A handle for new subscribers.
    pub fn listeners(&self) -> Listeners<E> {
        Listeners { sender: self.sender.downgrade() }
    }
}

/// Creates subscribers of a publisher without keeping the publisher alive, so that subscribers notice when the store is
/// gone.
#[derive(Clone, Debug)]
pub struct Listeners<E> {
    sender: broadcast::WeakSender<Published<E>>,
}

impl<E: Clone> Listeners<E> {
    /// Subscribes to commits from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Published<E>> {
        match self.sender.upgrade() {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        }
    }
}
