//! What an application stands on, and what its callers wait by: what is stored, who has seen how much of it, and what ends
//! all of that.

use super::Unavailable;
use crate::engine::feed::checkpoints::Checkpoints;
use crate::engine::runtime::Supervisor;
use crate::engine::store::{Store, StoreError};

/// Whoever holds this and no application does not keep one open, and is told when it has ended.
#[derive(Debug)]
pub(crate) struct Base<E: 'static> {
    pub(crate) store: Store<E>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) supervisor: Supervisor,
}

impl<E: 'static> Base<E> {
    /// When the store does not answer, the supervisor knows why.
    pub(super) async fn or_unavailable<T>(&self, answer: Result<T, StoreError>) -> Result<T, Unavailable> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(StoreError::Closed) => Err(self.supervisor.stopped().await.into()),
            Err(failed) => Err(Unavailable::Store(failed)),
        }
    }

    /// Why nothing is answered any more, if that is so.
    pub(super) fn still_open(&self) -> Result<(), Unavailable> {
        self.supervisor.reason().map_or(Ok(()), |reason| Err(reason.into()))
    }
}
