//! Builds a new store file, for a log from elsewhere. The file appears only once it is complete, verified and closed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::backup::{check_place, not_supported, not_written, require_intact};
use super::files::companions::{OF_UNFINISHED, WAL, companion};
use super::open::create;
use super::{SqliteOptions, SqliteStore};
use crate::engine::disk::{NewFile, Placed};
use crate::engine::runtime::{StopReason, StoreFailure, StoreFailureKind, Supervisor};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use crate::engine::store::{Append, BackupError, EventStore as _, OpenStoreError, StoreError, Verified};

/// A store under construction. Nothing remains of it unless it is finished.
#[derive(Debug)]
pub struct NewStore<E> {
    place: PathBuf,
    store: SqliteStore<E>,
    supervisor: Supervisor,
    /// `None` once the file is at its destination.
    file: Option<NewFile>,
}

impl<E> Drop for NewStore<E> {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
        let (supervisor, file) = (self.supervisor.clone(), self.file.take());
        // The store must be closed before its file is removed. A runtime that is shutting down does not wait for this.
        if let Some(file) = file {
            self.supervisor.runtime().spawn(async move {
                supervisor.ended().await;
                drop(file);
            });
        }
    }
}

impl<E: StoredEvent> NewStore<E> {
    /// Creates an empty store for a destination that must not exist. This blocks on the disk: asynchronous callers run
    /// it on a blocking thread.
    ///
    /// # Errors
    ///
    /// Returns [`BackupError`] if the store cannot be created.
    pub fn beside(place: &Path) -> Result<Self, BackupError> {
        check_place(place)?;
        let failed = |error| not_written(place, error);
        let reason = |reason: StoreFailure| BackupError::File { path: place.to_owned(), reason };
        let file = NewFile::beside(place, OF_UNFINISHED).map_err(failed)?;
        let image = create::image(E::DOMAIN).map_err(|error| reason(error.into()))?;
        file.file().write_all(&image).map_err(failed)?;
        let supervisor = Supervisor::new();
        // Its events are copies of events that were published before.
        let options = SqliteOptions { is_traced: false, ..SqliteOptions::default() };
        let store = SqliteStore::open(file.path(), options, &supervisor);
        let cause = |error: OpenStoreError| StoreFailure::caused_by(error.to_string(), StoreFailureKind::Other, error);
        let store = store.map_err(|error| reason(cause(error)))?;
        // A failure here is returned to the caller and stops no one else.
        supervisor.will_close();
        Ok(Self { place: place.to_owned(), store, supervisor, file: Some(file) })
    }

    /// Appends events at their versions.
    ///
    /// # Errors
    ///
    /// Returns [`BackupError`] if the events cannot be written or do not fit the preceding ones.
    pub async fn append(&self, appends: Vec<Append<E>>) -> Result<(), BackupError> {
        let appended = self.store.append(appends).await.map_err(|error| self.failed(error))?;
        for answer in appended {
            answer.map_err(|rejected| BackupError::Broken { problem: rejected.to_string() })?;
        }
        Ok(())
    }

    /// Stores a handler's progress.
    ///
    /// # Errors
    ///
    /// Returns [`BackupError`] if the progress cannot be written.
    pub async fn write_progress(
        &self,
        handler: &str,
        progress: Progress,
        parked: ParkedChange,
    ) -> Result<(), BackupError> {
        let written = self.store.write_progress(handler, progress, parked).await;
        written.map_err(|error| self.failed(error))
    }

    /// Verifies and closes the store, and moves it to its destination. `report` receives the number of events verified
    /// and their total.
    ///
    /// # Errors
    ///
    /// Returns [`BackupError`] if the store is not at its destination.
    pub async fn finish(mut self, report: impl FnMut(u64, u64) + Send + 'static) -> Result<Verified, BackupError> {
        let verified = self.store.verify(report).await.map_err(|error| self.failed(error))?;
        let verified = require_intact(verified)?;
        self.supervisor.stop(StopReason::Closed);
        self.supervisor.ended().await;
        let reason = |reason: StoreFailure| BackupError::File { path: self.place.clone(), reason };
        let Some(file) = self.file.take() else { return Ok(verified) };
        // SQLite keeps a write-ahead log that it could not move into the file.
        if companion(file.path(), WAL).exists() {
            return Err(reason("its write-ahead log could not be moved into it".into()));
        }
        let place = self.place.clone();
        let placed = self.supervisor.runtime().blocking(move || file.put(&place)).await;
        match placed
            .map_err(|panic| reason(panic.to_string().into()))?
            .map_err(|error| not_written(&self.place, error))?
        {
            Placed::Here => Ok(verified),
            Placed::AnotherIsThere => Err(BackupError::FileExists { path: self.place.clone() }),
            Placed::NotSupported(what) => Err(not_supported(&self.place, what)),
        }
    }

    fn failed(&self, error: StoreError) -> BackupError {
        let path = self.place.clone();
        match error {
            // Of a file that nobody gets, no outcome is unknown.
            StoreError::Failed(reason) | StoreError::OutcomeUnknown(reason) => match reason.kind() {
                StoreFailureKind::DiskFull => BackupError::DiskFull { path },
                _ => BackupError::File { path, reason },
            },
            error => BackupError::File { path, reason: error.to_string().into() },
        }
    }
}
