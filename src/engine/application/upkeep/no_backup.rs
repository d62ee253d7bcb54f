//! Without files there is no backup, and whoever asks for one is told why.

use std::path::Path;

use crate::engine::application::{Application, BackupError};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::url::NO_FILES;
use crate::engine::store::{self, BackupStep, Verified};

impl<E: StoredEvent> Application<E> {
    /// Says that there is no file: the cargo feature `sqlite` brings them.
    ///
    /// # Errors
    ///
    /// [`BackupError`], always.
    #[allow(clippy::unused_async, reason = "with files it has something to wait for")]
    pub async fn backup(
        &self,
        path: &Path,
        _tell: impl FnMut(BackupStep, u64, u64) + Send + 'static,
    ) -> Result<Verified, BackupError> {
        Err(store::BackupError::File { path: path.to_owned(), reason: NO_FILES.into() }.into())
    }
}
