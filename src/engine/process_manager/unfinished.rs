//! What a process manager has left to do of a log that comes from elsewhere.

use crate::engine::log::{Position, RecordedEvent};

/// A fold over a log that is about to be [imported](crate::engine::application::Application::import). It tells from which
/// event on a process manager has something left to do.
pub trait Unfinished<E>: Send {
    /// Looks at the next event.
    fn take(&mut self, event: &RecordedEvent<E>);

    /// The position of the first event that still needs an answer; `None` if none does.
    fn first(&self) -> Option<Position>;
}
