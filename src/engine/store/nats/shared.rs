//! The records of handlers, asked for from any runtime.

use super::JetStreamLog;
use crate::engine::store::StoreError;
use crate::engine::store::commit_log::{Later, SharedRecords};
use crate::engine::store::handler_records::{HandlersLease, ParkedChange, ParkedEvent, Progress};

impl JetStreamLog {
    fn with_records<R: Send + 'static>(
        &self,
        task: impl Future<Output = Result<R, StoreError>> + Send + 'static,
    ) -> Later<'_, Result<R, StoreError>> {
        let running = self.runtime.spawn(task);
        Box::pin(async move { running.await.map_err(|_| StoreError::Closed)? })
    }
}

impl SharedRecords for JetStreamLog {
    fn read_progress(&self, handler: &str) -> Later<'_, Result<Option<Progress>, StoreError>> {
        let (records, handler) = (self.records.clone(), handler.to_owned());
        self.with_records(async move { records.read_progress(&handler).await })
    }

    fn begin_progress(&self, handler: &str, start: Progress) -> Later<'_, Result<Progress, StoreError>> {
        let (records, handler) = (self.records.clone(), handler.to_owned());
        self.with_records(async move { records.begin_progress(&handler, start).await })
    }

    fn write_progress(
        &self,
        handler: &str,
        progress: Progress,
        parked: ParkedChange,
    ) -> Later<'_, Result<(), StoreError>> {
        let (records, handler) = (self.records.clone(), handler.to_owned());
        self.with_records(async move { records.write_progress(&handler, progress, parked).await })
    }

    fn read_parked(&self, after: u64, limit: usize) -> Later<'_, Result<Vec<ParkedEvent>, StoreError>> {
        let records = self.records.clone();
        self.with_records(async move { records.read_parked(after, limit).await })
    }

    fn try_acquire_lease(&self) -> Later<'_, Result<Option<HandlersLease>, StoreError>> {
        let records = self.records.clone();
        self.with_records(async move { records.acquire().await })
    }
}
