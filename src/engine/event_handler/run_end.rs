//! What ends the run of an event handler.

use crate::engine::store::StoreError;

/// What ends a handler's task, or its turn.
pub(super) enum RunEnd {
    /// The store is closed, or the handlers are asked to finish.
    Closed,
    /// The handler has stopped for good.
    Stopped,
    /// The handler was made to crash.
    Crashed,
    /// Another process runs the handlers.
    LeaseLost,
    /// The store has failed.
    Failed(StoreError),
}

impl From<StoreError> for RunEnd {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Closed,
            // While a cluster cannot be reached, nobody knows who has the lease. That is no failure.
            StoreError::LeaseLost | StoreError::Unavailable(_) => Self::LeaseLost,
            failed => Self::Failed(failed),
        }
    }
}
