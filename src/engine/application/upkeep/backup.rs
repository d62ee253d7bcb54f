//! Backing up a store while it is in use.

use std::mem;
use std::path::Path;

use super::import_appends::Replayed;
use super::import_marker::MARK;
use crate::engine::application::{Application, BackupError};
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent, Progress};
use crate::engine::store::sqlite::NewStore;
use crate::engine::store::{self, BackupStep, EventStore as _, LogPages, MAX_READ, Store, StoreError, Verified};

impl<E: StoredEvent> Application<E> {
    /// Copies the store, as it is at one moment, to a new file, and verifies and closes the file: it may be moved, sent
    /// and opened. The store may be in use meanwhile, here and in other programs. A store in memory can be backed up to
    /// a file too. `tell` is called now and then with the amounts of work done and in total.
    ///
    /// # Errors
    ///
    /// [`BackupError`]: why no backup was made.
    pub async fn backup(
        &self,
        path: &Path,
        tell: impl FnMut(BackupStep, u64, u64) + Send + 'static,
    ) -> Result<Verified, BackupError> {
        self.still_open()?;
        let backup = match self.store() {
            Store::Sqlite(store) => store.backup(path, tell).await,
            Store::Memory(_) | Store::Overlay(_) | Store::Other(_) => self.copy_to_file(path, tell).await,
        };
        match backup {
            Ok(verified) => Ok(verified),
            Err(store::BackupError::Store(error)) => Ok(self.or_unavailable(Err(error)).await?),
            Err(error) => Err(BackupError::File(error)),
        }
    }

    async fn copy_to_file(
        &self,
        path: &Path,
        mut tell: impl FnMut(BackupStep, u64, u64) + Send + 'static,
    ) -> Result<Verified, store::BackupError> {
        // Waits for the end of an import, and keeps handlers from being added meanwhile.
        let unchanging = self.inner.changing.clone().lock_owned().await;
        let target = path.to_owned();
        let new = self.supervisor().runtime().blocking(move || NewStore::beside(&target)).await;
        let new = new.map_err(|not_done| StoreError::Failed(not_done.to_string().into()))??;
        // Before the end of the log is read: no checkpoint may lie beyond the copied events.
        let handlers = self.handler_progress().await?;
        let end = self.store().end().await?;
        let mut replayed = Replayed::new(self.inner.upkeep.clone(), self.inner.snapshot_every);
        let (mut pages, mut events) = (LogPages::up_to(self.store(), end), Vec::new());
        while let Some(page) = pages.next().await? {
            let position = pages.position();
            events.extend_from_slice(&page);
            let complete = if position < end { start_of_last_command(&events) } else { events.len() };
            let incomplete = events.split_off(complete);
            let events = mem::replace(&mut events, incomplete);
            if !events.is_empty() {
                new.append(replayed.appends(events)?).await?;
            }
            tell(BackupStep::Store, position.get(), end.get());
        }
        for HandlerProgress { handler, progress, parked } in handlers {
            new.write_progress(handler, progress.clone(), ParkedChange::None).await?;
            for parked in parked {
                new.write_progress(handler, progress.clone(), ParkedChange::Park(parked)).await?;
            }
        }
        drop(unchanging);
        new.finish(move |done, total| tell(BackupStep::Check, done, total)).await
    }

    /// The stored progress of the running handlers, and that of an import. Handlers may continue meanwhile: an event that
    /// is parked after its handler's progress was read lies after that checkpoint, and the backup redelivers it.
    async fn handler_progress(&self) -> Result<Vec<HandlerProgress>, StoreError> {
        let mut handlers = Vec::new();
        for handler in self.handler_controls().iter().map(|handler| handler.name()).chain([MARK]) {
            if let Some(progress) = self.store().read_progress(handler).await? {
                handlers.push(HandlerProgress { handler, progress, parked: Vec::new() });
            }
        }
        let mut after = 0;
        loop {
            let page = self.store().read_parked(after, MAX_READ).await?;
            let Some(last) = page.last() else { return Ok(handlers) };
            after = last.number;
            for parked in page {
                let handler = handlers.iter_mut().find(|handler| handler.handler == parked.handler);
                if let Some(handler) = handler.filter(|handler| parked.position <= handler.progress.checkpoint) {
                    handler.parked.push(parked);
                }
            }
        }
    }
}

struct HandlerProgress {
    handler: &'static str,
    progress: Progress,
    parked: Vec<ParkedEvent>,
}

/// The index of the last command's first event. The next page may hold more of that command's events.
fn start_of_last_command<E>(events: &[RecordedEvent<E>]) -> usize {
    let command = events.last().map(|last| last.metadata.command_id);
    let of_last = events.iter().rev().take_while(|event| Some(event.metadata.command_id) == command);
    events.len() - of_last.count()
}
