//! Finding a process manager's unfinished work in an imported log.

use crate::engine::log::{Position, RecordedEvent};

/// A fold over a log about to be [imported](crate::engine::application::Application::import). It finds the first event
/// that a process manager still has to answer.
pub trait Unfinished<E>: Send {
    /// Folds the next event.
    fn take(&mut self, event: &RecordedEvent<E>);

    /// The position of the first event without its answer; `None` if there is none.
    fn first(&self) -> Option<Position>;

    /// The positions of all events without their answers, in any order. A verification compares them with the process
    /// manager's checkpoint. The default returns only the first.
    fn all(&self) -> Vec<Position> {
        self.first().into_iter().collect()
    }
}
