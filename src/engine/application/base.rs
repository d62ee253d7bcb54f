//! The parts of an application that pending commands and watches share: store, checkpoints and supervisor.

use super::Unavailable;
use crate::engine::feed::checkpoints::Checkpoints;
use crate::engine::runtime::Supervisor;
use crate::engine::store::{Store, StoreError};

/// Holding a `Base` does not keep the application open. Its supervisor tells when the application has ended.
#[derive(Debug)]
pub(crate) struct Base<E: 'static> {
    pub(crate) store: Store<E>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) supervisor: Supervisor,
}

impl<E: 'static> Base<E> {
    /// Replaces [`StoreError::Closed`] by the supervisor's reason for the stop.
    pub(super) async fn or_unavailable<T>(&self, answer: Result<T, StoreError>) -> Result<T, Unavailable> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(StoreError::Closed) => Err(self.supervisor.stopped().await.into()),
            Err(failed) => Err(Unavailable::Store(failed)),
        }
    }

    /// An error once the application has stopped. Reads check this first: a store whose threads have not noticed the stop yet
    /// would still answer.
    pub(super) fn still_open(&self) -> Result<(), Unavailable> {
        self.supervisor.reason().map_or(Ok(()), |reason| Err(reason.into()))
    }
}
