//! What is so in every log of a domain, and in no single stream of it.

use crate::engine::log::RecordedEvent;

/// What a domain knows of its logs as a whole: a fold over all events, which says where they cannot be what its aggregates
/// have decided. That money is neither made nor lost, for instance, no account can tell alone.
///
/// A log is held against it when it is [verified](crate::engine::application::Application::verify), and before one is
/// [imported](crate::engine::application::Application::import). Both begin with the default value. The engine itself
/// sees whether positions, times and the versions of each stream follow each other.
///
/// All functions are pure. What they answer is told to people, as in `position 3: money is not conserved`.
pub trait Invariants<E>: Send + Sync + 'static {
    /// What is wrong with an event by itself, whatever was before it: what it tells does not belong into its stream, say.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn look_at(&self, event: &RecordedEvent<E>) -> Result<(), String> {
        let _ = event;
        Ok(())
    }

    /// Takes in the next event, which is the next one of its stream.
    ///
    /// # Errors
    ///
    /// Why it cannot have happened after those before it. No other is taken in then.
    fn take(&mut self, event: &RecordedEvent<E>) -> Result<(), String>;

    /// What keeps an event out that comes from elsewhere. Of what is stored already this is not asked: that stays
    /// readable, whatever became stricter since.
    ///
    /// # Errors
    ///
    /// Why it does not come in.
    fn admit(&self, event: &RecordedEvent<E>) -> Result<(), String> {
        let _ = event;
        Ok(())
    }
}
