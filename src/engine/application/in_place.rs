//! An application whose file was moved, removed or replaced answers nothing as if that had not happened.

use super::Application;
use crate::engine::feed::checkpoints::MAX_WAIT;
use crate::engine::runtime::StopReason;
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Application<E> {
    /// Looks whether the file still stands in its place; where it does not, everything has stopped when this
    /// answers.
    pub(crate) async fn in_place(&self) -> Result<(), StoreError> {
        let found = self.store().in_place();
        let supervisor = self.supervisor();
        if found.is_err() {
            // What was found is said either way.
            let _ = supervisor.timeout(MAX_WAIT, supervisor.stopped()).await;
        }
        match (found, supervisor.reason()) {
            // Somebody else has found it first.
            (Err(StoreError::Closed), Some(StopReason::StoreFailed { message })) => Err(StoreError::Failed(message)),
            (found, _) => found,
        }
    }
}
