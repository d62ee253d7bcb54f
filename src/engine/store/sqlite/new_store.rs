//! A store in a file that nobody finds before it is whole, verified and closed: for a log that stands elsewhere.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::backup::{BackupError, check_place, not_supported, not_written, whole};
use super::companions::{OF_UNFINISHED, WAL, companion};
use super::{SqliteOptions, SqliteStore, Verified, create};
use crate::engine::disk::{NewFile, Placed};
use crate::engine::runtime::{StopReason, StoreFailure, Supervisor};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use crate::engine::store::{Append, EventStore as _, StoreError};

/// A store that is being filled. Unless it is finished, nothing is left of it.
#[derive(Debug)]
pub struct NewStore<E> {
    place: PathBuf,
    store: SqliteStore<E>,
    supervisor: Supervisor,
    /// Gone once the file stands at its place.
    file: Option<NewFile>,
}

impl<E> Drop for NewStore<E> {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
        let (supervisor, file) = (self.supervisor.clone(), self.file.take());
        // What it is written through must be closed before it is removed. A runtime that goes down does not wait.
        if let Some(file) = file {
            self.supervisor.runtime().spawn(async move {
                supervisor.ended().await;
                drop(file);
            });
        }
    }
}

impl<E: StoredEvent> NewStore<E> {
    /// An empty store that is to stand at a place where nothing is. This writes to the disk: asynchronous callers let a
    /// thread for that do it.
    ///
    /// # Errors
    ///
    /// [`BackupError`]: why it cannot stand there.
    pub fn beside(place: &Path) -> Result<Self, BackupError> {
        check_place(place)?;
        let failed = |error| not_written(place, error);
        let reason = |reason: StoreFailure| BackupError::File { path: place.to_owned(), reason };
        let file = NewFile::beside(place, OF_UNFINISHED).map_err(failed)?;
        let image = create::image(E::DOMAIN).map_err(|error| reason(error.into()))?;
        file.file().write_all(&image).map_err(failed)?;
        let supervisor = Supervisor::new();
        let store = SqliteStore::open(file.path(), SqliteOptions::default(), &supervisor);
        let store = store.map_err(|error| reason(error.to_string().into()))?;
        // What goes wrong here is an answer, and stops nobody.
        supervisor.will_close();
        Ok(Self { place: place.to_owned(), store, supervisor, file: Some(file) })
    }

    /// Stores events at their versions.
    ///
    /// # Errors
    ///
    /// [`BackupError`]: they cannot be written, or do not fit those before them.
    pub async fn append(&self, appends: Vec<Append<E>>) -> Result<(), BackupError> {
        let appended = self.store.append(appends).await.map_err(|error| self.failed(&error))?;
        for answer in appended {
            answer.map_err(|rejected| BackupError::Broken { problem: rejected.to_string() })?;
        }
        Ok(())
    }

    /// Stores how far a handler has come.
    ///
    /// # Errors
    ///
    /// [`BackupError`]: it cannot be written.
    pub async fn write_progress(
        &self,
        handler: &str,
        progress: Progress,
        parked: ParkedChange,
    ) -> Result<(), BackupError> {
        let written = self.store.write_progress(handler, progress, parked).await;
        written.map_err(|error| self.failed(&error))
    }

    /// Verifies it, closes it and puts it at its place. `tell` hears how many events of how many are verified.
    ///
    /// # Errors
    ///
    /// [`BackupError`]: why it does not stand there.
    pub async fn finish(mut self, tell: impl FnMut(u64, u64) + Send + 'static) -> Result<Verified, BackupError> {
        let verified = self.store.verify(tell).await.map_err(|error| self.failed(&error))?;
        let verified = whole(verified)?;
        self.supervisor.stop(StopReason::Closed);
        self.supervisor.ended().await;
        let reason = |reason: StoreFailure| BackupError::File { path: self.place.clone(), reason };
        let Some(file) = self.file.take() else { return Ok(verified) };
        // Its log stays beside a file that could not take it.
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

    fn failed(&self, error: &StoreError) -> BackupError {
        BackupError::File { path: self.place.clone(), reason: error.to_string().into() }
    }
}
