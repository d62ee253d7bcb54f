//! A copy of an application's store in use, as a closed file.

use std::mem;
use std::path::Path;

use super::imported::MARK;
use super::replayed::Replayed;
use crate::engine::application::{Application, BackupError};
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent, Progress};
use crate::engine::store::sqlite::NewStore;
use crate::engine::store::{self, BackupStep, EventStore as _, LogPages, MAX_READ, Store, StoreError, Verified};

impl<E: StoredEvent> Application<E> {
    /// Copies the store, as it is at one moment, to a new file, which is verified and closed: it may be moved, sent and
    /// opened, and goes on from there. That it is in use, here and in other programs, does no harm. What is in memory
    /// gets a file too. `tell` hears now and then how much of how much is done.
    ///
    /// # Errors
    ///
    /// [`BackupError`]: why there is no such file.
    pub async fn backup(
        &self,
        path: &Path,
        tell: impl FnMut(BackupStep, u64, u64) + Send + 'static,
    ) -> Result<Verified, BackupError> {
        self.still_open()?;
        let made = match self.store() {
            Store::Sqlite(store) => store.backup(path, tell).await,
            Store::Memory(_) | Store::Other(_) => self.store_in(path, tell).await,
        };
        match made {
            Ok(verified) => Ok(verified),
            Err(store::BackupError::Store(error)) => Ok(self.or_unavailable(Err(error)).await?),
            Err(error) => Err(BackupError::File(error)),
        }
    }

    async fn store_in(
        &self,
        path: &Path,
        mut tell: impl FnMut(BackupStep, u64, u64) + Send + 'static,
    ) -> Result<Verified, store::BackupError> {
        // Half an import is not copied, and no handler comes meanwhile.
        let importing = self.inner.changing.clone().lock_owned().await;
        let place = path.to_owned();
        let new = self.supervisor().runtime().blocking(move || NewStore::beside(&place)).await;
        let new = new.map_err(|panic| StoreError::Failed(panic.to_string().into()))??;
        // What the handlers have acknowledged up to now is in the part of the log that is stored.
        let handlers = self.handlers_kept().await?;
        let end = self.store().end().await?;
        let mut replayed = Replayed::new(self.inner.upkeep.clone(), self.inner.snapshot_every);
        let (mut pages, mut events) = (LogPages::up_to(self.store(), end), Vec::new());
        while let Some(page) = pages.next().await? {
            let position = pages.position();
            events.extend_from_slice(&page);
            let complete = if position < end { begin_of_last_command(&events) } else { events.len() };
            let later = events.split_off(complete);
            let events = mem::replace(&mut events, later);
            if !events.is_empty() {
                new.append(replayed.appends(events)?).await?;
            }
            tell(BackupStep::Store, position.get(), end.get());
        }
        for Kept { handler, progress, parked } in handlers {
            new.write_progress(handler, progress.clone(), ParkedChange::None).await?;
            for parked in parked {
                new.write_progress(handler, progress.clone(), ParkedChange::Park(parked)).await?;
            }
        }
        drop(importing);
        new.finish(move |done, total| tell(BackupStep::Check, done, total)).await
    }

    /// What the store keeps for the handlers that run, and of an import that it was filled by. They go on meanwhile: an
    /// event that one of them parks now is after its checkpoint here, and comes again.
    async fn handlers_kept(&self) -> Result<Vec<Kept>, StoreError> {
        let mut kept = Vec::new();
        for handler in self.handler_controls().iter().map(|handler| handler.name()).chain([MARK]) {
            if let Some(progress) = self.store().read_progress(handler).await? {
                kept.push(Kept { handler, progress, parked: Vec::new() });
            }
        }
        let mut after = 0;
        loop {
            let page = self.store().read_parked(after, MAX_READ).await?;
            let Some(last) = page.last() else { return Ok(kept) };
            after = last.number;
            for parked in page {
                let handler = kept.iter_mut().find(|kept| kept.handler == parked.handler);
                if let Some(handler) = handler.filter(|kept| parked.position <= kept.progress.checkpoint) {
                    handler.parked.push(parked);
                }
            }
        }
    }
}

/// What is kept for a handler.
struct Kept {
    handler: &'static str,
    progress: Progress,
    parked: Vec<ParkedEvent>,
}

/// The first event of the command that more may follow of.
fn begin_of_last_command<E>(events: &[RecordedEvent<E>]) -> usize {
    let command = events.last().map(|last| last.metadata.command_id);
    let of_last = events.iter().rev().take_while(|event| Some(event.metadata.command_id) == command);
    events.len() - of_last.count()
}
