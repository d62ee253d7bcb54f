//! Without the feature `sqlite`, a backup is an error that says so.

use std::path::Path;

use crate::engine::application::{Application, BackupError};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::url::NO_FILES;
use crate::engine::store::{self, BackupStep, Verified};

impl<E: StoredEvent> Application<E> {
    /// Fails: backups need the cargo feature `sqlite`.
    ///
    /// # Errors
    ///
    /// [`BackupError`], always.
    #[allow(clippy::unused_async, reason = "the signature is that of the real backup")]
    pub async fn backup(
        &self,
        path: &Path,
        _tell: impl FnMut(BackupStep, u64, u64) + Send + 'static,
    ) -> Result<Verified, BackupError> {
        Err(store::BackupError::File { path: path.to_owned(), reason: NO_FILES.into() }.into())
    }
}
