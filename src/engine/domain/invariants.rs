//! Invariants of a whole log that no single stream can show.

use crate::engine::log::RecordedEvent;

/// A fold over all events of a log that finds what the domain's aggregates cannot have decided. No single account can
/// tell, for instance, whether money was created or lost.
///
/// A log is checked when it is [verified](crate::engine::application::Application::verify) and before it is
/// [imported](crate::engine::application::Application::import). Each check starts from the default value. The engine
/// itself checks positions, times and the versions of each stream.
///
/// All functions are pure. People read their errors, as in `position 3: money is not conserved`.
pub trait Invariants<E>: Send + Sync + 'static {
    /// Checks an event on its own, without the events before it: whether it belongs in its stream, for instance.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the event.
    fn look_at(&self, event: &RecordedEvent<E>) -> Result<(), String> {
        let _ = event;
        Ok(())
    }

    /// Folds the next event. Its version in its stream has been checked.
    ///
    /// # Errors
    ///
    /// Returns why the event cannot follow those before it. No further event is folded then.
    fn take(&mut self, event: &RecordedEvent<E>) -> Result<(), String>;

    /// Checks an event that is to be imported. Stored events skip this check, so they stay readable when the rules
    /// become stricter.
    ///
    /// # Errors
    ///
    /// Returns why the event is rejected.
    fn admit(&self, event: &RecordedEvent<E>) -> Result<(), String> {
        let _ = event;
        Ok(())
    }
}
