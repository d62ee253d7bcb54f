//! What handlers keep on an overlay. Nothing of it reaches the base.

use super::OverlayStore;
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords, ParkedChange, ParkedEvent, Progress, StoredProjection};

impl<E: StoredEvent> HandlerRecords for OverlayStore<E> {
    /// What was stored here, or else where the handler was in the base.
    async fn read_progress(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        let here = self.records().progress(handler);
        match here {
            Some(progress) => Ok(Some(progress)),
            None => self.progress_then(handler).await,
        }
    }

    async fn begin_progress(&self, handler: &str, start: Progress) -> Result<Progress, StoreError> {
        let begun = self.read_progress(handler).await?.unwrap_or(start);
        Ok(self.records().begin(handler.to_owned(), begun))
    }

    async fn write_progress(&self, handler: &str, progress: Progress, parked: ParkedChange) -> Result<(), StoreError> {
        self.records().write(handler.to_owned(), progress, parked);
        Ok(())
    }

    async fn read_parked(&self, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, StoreError> {
        Ok(self.records().parked(after, limit))
    }

    /// The rows of the base, where they are not too new: what was appended here is folded into no stored row.
    async fn read_projection(&self, projection: &str) -> Result<Option<StoredProjection>, StoreError> {
        self.inner.base.read_projection(projection).await
    }
}
