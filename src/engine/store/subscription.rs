//! Subscriptions: every event after a checkpoint and then live events, in order, without gaps or repeats.
//!
//! The broadcast channel wakes the subscriber, and saves reads while it keeps up. A new or slow subscriber reads what
//! it missed from the store.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::read_ahead::ReadAhead;
use super::{Committed, EventStore, MAX_READ, Published, StoreError};
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Batch, Position};

/// A subscriber's position in the store.
#[derive(Debug)]
pub struct Subscription<E, S> {
    store: S,
    published: broadcast::Receiver<Published<E>>,
    position: Position,
    catching_up: bool,
    is_behind: bool,
    ahead: ReadAhead<E>,
}

impl<E: DomainEvent, S: EventStore<E>> Subscription<E, S> {
    /// Subscribes to every event after `checkpoint`.
    pub fn after(store: S, checkpoint: Position) -> Self {
        let (published, ahead) = (store.published(), ReadAhead::default());
        Self { published, store, position: checkpoint, catching_up: true, is_behind: false, ahead }
    }

    /// The position of the last event returned.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Whether the log is read from far behind its end: the last events were a full page of it, so more are to follow.
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Waits for the next events and returns at least one.
    ///
    /// Cancel safe: dropping the future loses no event.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Closed`] when the store is closed.
    pub async fn next(&mut self) -> Result<Committed<E>, StoreError> {
        loop {
            if self.catching_up {
                // Boxed: a subscriber that keeps up does not carry the future of a read.
                let missed = Box::pin(self.ahead.next(&self.store, self.position)).await?;
                self.is_behind = missed.len() == MAX_READ;
                if !missed.is_empty() {
                    return Ok(self.advance_over(missed, 0));
                }
                self.catching_up = false;
            }
            match self.published.recv().await {
                Ok(published) if published.after > self.position => self.catching_up = true,
                Ok(published) => {
                    let seen = published.events.partition_point(|event| event.position <= self.position);
                    if seen < published.events.len() {
                        return Ok(self.advance_over(published.events, seen));
                    }
                }
                Err(RecvError::Lagged(_)) => self.catching_up = true,
                Err(RecvError::Closed) => return Err(StoreError::Closed),
            }
        }
    }

    fn advance_over(&mut self, events: Batch<E>, seen: usize) -> Committed<E> {
        if let Some(last) = events.last() {
            debug_assert!(last.position > self.position, "a subscription only moves forward");
            self.position = last.position;
        }
        let end = events.len();
        Committed::new(events, seen..end)
    }
}
