//! The records of handlers that the replicas of a log share: no replica is more than the log, and none keeps these alone.

use std::fmt;

use super::Later;
use crate::engine::store::StoreError;
use crate::engine::store::handler_records::{HandlersLease, ParkedChange, ParkedEvent, Progress};

/// What [`HandlerRecords`](crate::engine::store::handler_records::HandlerRecords) promises, for all replicas of a log.
pub trait SharedRecords: fmt::Debug + Send + Sync + 'static {
    /// The stored progress of a handler, if it has any.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if it cannot be read.
    fn read_progress(&self, handler: &str) -> Later<'_, Result<Option<Progress>, StoreError>>;

    /// Stores where a new handler starts, and returns its progress.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if it is not stored.
    fn begin_progress(&self, handler: &str, start: Progress) -> Later<'_, Result<Progress, StoreError>>;

    /// Stores a handler's progress and the change to its parked events, both or neither, and only under the lease, if this
    /// program ever had it.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if nothing is stored.
    fn write_progress(
        &self,
        handler: &str,
        progress: Progress,
        parked: ParkedChange,
    ) -> Later<'_, Result<(), StoreError>>;

    /// The first `limit` parked events with numbers above `after`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if they cannot be read.
    fn read_parked(&self, after: u64, limit: usize) -> Later<'_, Result<Vec<ParkedEvent>, StoreError>>;

    /// Tries to acquire the lease; `None` while another program holds it.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the attempt failed.
    fn try_acquire_lease(&self) -> Later<'_, Result<Option<HandlersLease>, StoreError>>;
}
