//! A bank whose file was moved, removed or replaced answers nothing as if that had not happened.

use tokio::time::timeout;

use super::Bank;
use crate::engine::checkpoints::MAX_WAIT;
use crate::engine::store::StoreError;

impl Bank {
    /// Looks whether the bank's file still stands in its place; where it does not, everything has stopped when this
    /// answers.
    pub(super) async fn in_place(&self) -> Result<(), StoreError> {
        let found = self.event_store().in_place();
        if found.is_err() {
            // What was found is said either way.
            let _ = timeout(MAX_WAIT, self.inner.supervisor.stopped()).await;
        }
        found
    }
}
