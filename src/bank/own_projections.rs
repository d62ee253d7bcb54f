//! Projections of one's own, besides those that a bank comes with.

use super::errors::{AddHandlerError, Unavailable};
use super::{AccountEvent, Bank};
use crate::engine::feed::JoinError;
use crate::engine::projection::{Projection, ReadModel};
use crate::engine::store::StoreError;

impl Bank {
    /// Adds a projection of one's own to the bank's: over everything that has happened, then live. What has happened it
    /// knows when this answers, and it has announced none of it. From now on, strong consistency waits for it, it is
    /// rebuilt with the others, and its rows are stored with theirs if it has any.
    ///
    /// # Errors
    ///
    /// [`AddHandlerError`]: why it is not there.
    pub async fn add_projection<P: Projection<AccountEvent>>(&self) -> Result<ReadModel<P>, AddHandlerError> {
        let _adding = self.inner.importing.lock().await;
        self.check_name(P::NAME)?;
        let joined = self.inner.projections.add::<P, _>(self.event_store()).await;
        let closed = match joined {
            Ok(model) => return Ok(model),
            Err(JoinError::Panicked { message }) => return Err(AddHandlerError::Panicked { message }),
            Err(JoinError::Store(error)) => error,
            Err(JoinError::Stopped) => StoreError::Closed,
        };
        let closed: Result<ReadModel<P>, Unavailable> = self.or_unavailable(Err(closed)).await;
        Ok(closed?)
    }
}
