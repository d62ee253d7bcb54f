//! When a handler's progress is written to the store.

use super::EventHandler;
use super::runner::{Runner, WRITE_AFTER};
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange};

/// The most events between two writes of the checkpoint of a handler that may repeat them.
const REPEATED: u64 = 64;

impl<E: StoredEvent, H: EventHandler<E>> Runner<E, H> {
    /// Writes the checkpoint if it has moved far over unwanted events, so that a restart need not read them again.
    pub(super) async fn write_if_due(&mut self) -> Result<(), StoreError> {
        if self.store().is_durable() && self.progress.checkpoint.get() - self.written.get() >= WRITE_AFTER {
            self.write_repeatable().await?;
        }
        Ok(())
    }

    /// Writes the checkpoint of a handler that may repeat events, if there are many since the last one.
    pub(super) async fn write_if_many_since(&mut self) -> Result<(), StoreError> {
        let is_due = self.progress.checkpoint.get() - self.written.get() >= REPEATED;
        if is_due { self.write_if_durable().await } else { Ok(()) }
    }

    /// Whether a handler that may repeat events has handled some since its checkpoint was written.
    pub(super) fn has_unwritten(&self) -> bool {
        H::MAY_REPEAT && self.store().is_durable() && self.written < self.progress.checkpoint
    }

    /// Writes an attempt, or a checkpoint that the log can tell again, if the store keeps it.
    pub(super) async fn write_if_durable(&mut self) -> Result<(), StoreError> {
        if self.store().is_durable() { self.write_repeatable().await } else { Ok(()) }
    }

    pub(super) async fn write_repeatable(&mut self) -> Result<(), StoreError> {
        let progress = self.progress.clone();
        self.written = progress.checkpoint;
        let written = self.store().write_repeatable_progress(H::NAME, progress).await;
        self.unless_lost(written)
    }

    pub(super) async fn write(&mut self, parked: ParkedChange) -> Result<(), StoreError> {
        let progress = self.progress.clone();
        self.written = progress.checkpoint;
        let written = self.store().write_progress(H::NAME, progress, parked).await;
        self.unless_lost(written)
    }

    fn unless_lost(&self, written: Result<(), StoreError>) -> Result<(), StoreError> {
        if written == Err(StoreError::LeaseLost) {
            self.context.lease.lose();
        }
        written
    }
}
