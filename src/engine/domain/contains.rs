//! Where several kinds of aggregate have events of their own: which of them the event of the whole domain is.

use super::event::DomainEvent;

/// An event that may be one of the kind `T`: the one of a whole domain, which wraps those of its aggregates.
///
/// [`domain_events!`](crate::domain_events) writes it, and every event contains itself.
pub trait Contains<T>: From<T> {
    /// The event of that kind, if it is one.
    fn part(&self) -> Option<&T>;
}

impl<T: DomainEvent> Contains<T> for T {
    fn part(&self) -> Option<&T> {
        Some(self)
    }
}
