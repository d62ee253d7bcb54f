//! Finds an aggregate's own event inside the event of a whole domain.

use super::event::DomainEvent;

/// The event of a domain, an enum that wraps the events `T` of one of its aggregates.
///
/// Implemented by [`domain_events!`](crate::domain_events); every event also contains itself.
pub trait Contains<T>: From<T> {
    /// The wrapped event, if it belongs to this aggregate.
    fn part(&self) -> Option<&T>;
}

impl<T: DomainEvent> Contains<T> for T {
    fn part(&self) -> Option<&T> {
        Some(self)
    }
}
