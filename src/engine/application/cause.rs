//! What was behind an event.

use super::{Application, Unavailable};
use crate::engine::log::RecordedEvent;
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

/// What causes a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause<E> {
    /// Somebody outside asked for it.
    Request,
    /// A process manager has sent it in answer to this event.
    Event(Box<RecordedEvent<E>>),
    /// The log does not say.
    Unknown,
}

impl<E: StoredEvent> Application<E> {
    /// What has caused the command that has led to an event.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn cause(&self, event: &RecordedEvent<E>) -> Result<Cause<E>, Unavailable> {
        let metadata = &event.metadata;
        if metadata.causation_id == metadata.command_id {
            return Ok(Cause::Request);
        }
        let caused = self.store().read_command(metadata.causation_id).await;
        let caused = self.or_unavailable(caused).await?;
        let first = caused.and_then(|events| events.first().cloned());
        Ok(first.map_or(Cause::Unknown, |event| Cause::Event(Box::new(event))))
    }
}
