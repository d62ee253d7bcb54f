//! Noticing that the store's file was moved, removed or replaced.

use super::Application;
use crate::engine::feed::checkpoints::MAX_WAIT;
use crate::engine::runtime::StopReason;
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Application<E> {
    /// Checks that the file is still in its place. If it is not, the application has stopped when this returns.
    pub(crate) async fn in_place(&self) -> Result<(), StoreError> {
        let found = self.store().in_place();
        let supervisor = self.supervisor();
        if found.is_err() {
            // A timeout changes nothing: the error is returned either way.
            let _ = supervisor.timeout(MAX_WAIT, supervisor.stopped()).await;
        }
        match (found, supervisor.reason()) {
            // Another check has found the problem first; its message says more.
            (Err(StoreError::Closed), Some(StopReason::StoreFailed { message })) => Err(StoreError::Failed(message)),
            (found, _) => found,
        }
    }
}
