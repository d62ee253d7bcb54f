//! The cause of an event.

use super::{Application, Unavailable};
use crate::engine::log::RecordedEvent;
use crate::engine::process_manager::answered;
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

/// What caused a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause<E> {
    /// A request from outside.
    Request,
    /// A process manager answered this event with the command.
    Event(Box<RecordedEvent<E>>),
    /// The log does not hold the causing event.
    Unknown,
}

impl<E: StoredEvent> Application<E> {
    /// What caused the command that led to an event.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn cause(&self, event: &RecordedEvent<E>) -> Result<Cause<E>, Unavailable> {
        let metadata = &event.metadata;
        if metadata.causation_id() == metadata.command_id {
            return Ok(Cause::Request);
        }
        let cause = self.store().read_command(metadata.causation_id()).await;
        let cause = self.or_unavailable(cause).await?;
        let cause = cause.as_ref().and_then(|events| match &**events {
            [only] => Some(only),
            several => answered(several, metadata).or(several.first()),
        });
        Ok(cause.map_or(Cause::Unknown, |event| Cause::Event(Box::new(event.clone()))))
    }
}
