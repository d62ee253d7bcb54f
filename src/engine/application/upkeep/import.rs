//! Importing the log of another store into an empty one.
//!
//! Imported events are not delivered: the checkpoints of the handlers move past them. The exception is a process manager
//! with [unfinished](crate::engine::process_manager::ProcessManager::unfinished) work.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use super::import_appends::Replayed;
use super::import_file::{Contents, ImportFile, failed};
use super::import_marker::{MARK, TASK, UNDER_WAY};
use crate::engine::application::{Application, ImportError, Unavailable};
use crate::engine::command_handler::seam::full_disk;
use crate::engine::event_handler::ParkedError;
use crate::engine::log::{Position, Timestamp};
use crate::engine::runtime::{Clock, StopReason, StoreFailure, blocking};
use crate::engine::seams::Fault;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use crate::engine::store::{EventStore as _, StoreError};

/// How far ahead of this machine's clock an event may be.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A step of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportStep {
    /// Reading and checking the file.
    Check,
    /// Storing its events.
    Store,
}

/// What an import accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Accepts events from the future: those whose times are more than a day ahead of this machine's clock. Times in a log
    /// never go back, so all new events have such a time too, until the clock has passed it.
    pub future: bool,
}

/// A step, with the amounts of work done and in total.
type ProgressReport = (ImportStep, u64, u64);

impl<E: StoredEvent> Application<E> {
    /// Imports the events of a file that [`Application::export`] wrote, with their times and ids, into an empty store. The
    /// whole file is checked, as by [`Application::verify`], before anything is stored. `tell` is called now and then with
    /// the amounts of work done and in total. Returns the number of events. Events from the future are refused:
    /// [`Application::import_with`] can accept them.
    ///
    /// Imported events are never delivered to handlers, except to process managers with
    /// [unfinished](crate::engine::process_manager::ProcessManager::unfinished) work.
    ///
    /// Once the first event is stored, the import continues to its end even if this future is dropped. If the process ends
    /// before that, opening the store again is refused.
    ///
    /// # Errors
    ///
    /// [`ImportError`]: why the events were not stored.
    pub async fn import(&self, path: &Path, tell: impl FnMut(ImportStep, u64, u64) + Send) -> Result<u64, ImportError> {
        self.import_with(path, ImportOptions::default(), tell).await
    }

    /// Imports the events of a file, as [`Application::import`] does, with options.
    ///
    /// # Errors
    ///
    /// [`ImportError`]: why the events were not stored.
    pub async fn import_with(
        &self,
        path: &Path,
        options: ImportOptions,
        mut tell: impl FnMut(ImportStep, u64, u64) + Send,
    ) -> Result<u64, ImportError> {
        let (progress, mut reports) = mpsc::channel(1);
        let importing = self.clone().import_file(path.to_owned(), options, progress);
        let mut importing = std::pin::pin!(self.supervisor().runtime().spawn(importing));
        loop {
            tokio::select! {
                biased;
                imported = &mut importing => {
                    let unavailable = match imported {
                        Ok(imported) => return imported,
                        Err(ended) if ended.is_panic() => Unavailable::Defect(ended.to_string()),
                        // The task ended with its runtime.
                        Err(_) => self.supervisor().stopped().await.into(),
                    };
                    return Err(unavailable.into());
                }
                Some((step, done, total)) = reports.recv() => tell(step, done, total),
            }
        }
    }

    async fn import_file(
        self,
        path: PathBuf,
        options: ImportOptions,
        progress: mpsc::Sender<ProgressReport>,
    ) -> Result<u64, ImportError> {
        let _importing = self.inner.changing.clone().lock_owned().await;
        self.still_open()?;
        self.check_empty().await?;
        let wanted = self.want_handlers().await;
        self.or_unavailable(wanted).await?;
        if !self.inner.lease.is_held() {
            return Err(ImportError::OpenElsewhere);
        }
        let (file, contents) = self.check_file(&path, options, &progress).await?;
        let held = self.inner.feed.hold_handlers().await;
        let held = self.or_unavailable(held.ok_or(StoreError::Closed)).await?;
        // A command may have been stored during the check of the file.
        self.check_empty().await?;
        if self.seams().fault_of_store() == Some(Fault::DiskFull) {
            return Err(Unavailable::Store(full_disk()).into());
        }
        let end = Position::new(contents.events);
        let begun = Progress { checkpoint: end, state: Some(UNDER_WAY.into()), ..Progress::default() };
        let begun = self.store().write_progress(MARK, begun, ParkedChange::None).await;
        self.or_unavailable(begun).await?;

        let replayed = Replayed::new(self.inner.upkeep.clone(), self.inner.snapshot_every);
        let mut import = Import { application: &self, imported: 0, end: Position::START, replayed };
        match import.store_all(file, &contents, &progress).await {
            Ok(()) => {}
            Err(reason) => {
                let (imported, events) = (import.imported, contents.events);
                let stopped = ImportError::Stopped { path, imported, events, reason };
                // A store with part of a log must not be used.
                self.supervisor().stop(StopReason::GaveUp { task: TASK, message: stopped.to_string() });
                return Err(stopped);
            }
        }
        drop(held);
        self.wait_until_settled().await;
        Ok(contents.events)
    }

    async fn check_empty(&self) -> Result<(), ImportError> {
        let end = self.store().end().await;
        match self.or_unavailable(end).await?.get() {
            0 => Ok(()),
            events => Err(ImportError::NotEmpty { events }),
        }
    }

    async fn check_file(
        &self,
        path: &Path,
        options: ImportOptions,
        progress: &mpsc::Sender<ProgressReport>,
    ) -> Result<(ImportFile<E>, Contents), ImportError> {
        // The machine's clock, even where events get the times of a simulated one.
        let tomorrow = Clock::System.now().plus(A_DAY);
        let latest = if options.future { Timestamp::MAX } else { tomorrow };
        let (source, progress, upkeep) = (path.to_owned(), progress.clone(), self.inner.upkeep.clone());
        let checked = blocking(move || {
            let mut file = ImportFile::open(&source)?;
            let contents = file.check(&upkeep, latest, |done, total| {
                // A full channel drops this report: later ones say more.
                let _ = progress.try_send((ImportStep::Check, done, total));
                !progress.is_closed()
            })?;
            Ok((file, contents))
        });
        checked.await.map_err(|not_done| failed(path, io::Error::other(not_done)))?
    }
}

/// An import that is storing events.
struct Import<'a, E: 'static> {
    application: &'a Application<E>,
    imported: u64,
    /// The position of the last stored event.
    end: Position,
    replayed: Replayed<E>,
}

impl<E: StoredEvent> Import<'_, E> {
    async fn store_all(
        &mut self,
        mut file: ImportFile<E>,
        contents: &Contents,
        progress: &mpsc::Sender<ProgressReport>,
    ) -> Result<(), StoreFailure> {
        let Self { application, .. } = *self;
        let store = application.store();
        loop {
            let read = blocking(move || (file.next_batch(), file)).await;
            let (events, unread) = read.map_err(|error| StoreFailure::new(error.to_string()))?;
            file = unread;
            let events = events.map_err(|error| match error {
                ImportError::File { reason, .. } => reason,
                other => other.to_string().into(),
            })?;
            if events.is_empty() {
                break;
            }
            let appends = self.replayed.appends(events).map_err(failure_of)?;
            let appended = store.append(appends).await.map_err(failure_of)?;
            for committed in appended {
                let committed = committed.map_err(|rejected| StoreFailure::new(rejected.to_string()))?;
                self.imported += committed.len() as u64;
                self.end = committed.last().map_or(self.end, |last| last.position);
            }
            application.fast_forward(contents, self.end).await.map_err(not_forwarded)?;
            let _ = progress.try_send((ImportStep::Store, self.imported, contents.events));
        }
        for (name, first) in &contents.unfinished {
            let until = first.map_or(self.end, Position::before);
            application.fast_forward_handler(name, until).await.map_err(not_forwarded)?;
        }
        let ended = Progress { checkpoint: self.end, ..Progress::default() };
        store.write_progress(MARK, ended, ParkedChange::None).await.map_err(failure_of)
    }
}

/// The store's own failure, whose kind and source a caller may want to know.
fn failure_of(error: StoreError) -> StoreFailure {
    match error {
        StoreError::Failed(failure) | StoreError::OutcomeUnknown(failure) => failure,
        other => other.to_string().into(),
    }
}

fn not_forwarded(error: ParkedError) -> StoreFailure {
    match error {
        ParkedError::Store(error) => failure_of(error),
        other => other.to_string().into(),
    }
}

impl<E: StoredEvent> Application<E> {
    /// Moves the checkpoints of the handlers past the stored events, except those with unfinished work. A handler that is
    /// added later [starts after the import](super::import_marker).
    async fn fast_forward(&self, contents: &Contents, position: Position) -> Result<(), ParkedError> {
        for handler in self.handler_controls() {
            if !contents.unfinished.iter().any(|(name, _)| *name == handler.name()) {
                handler.fast_forward(position).await?;
            }
        }
        Ok(())
    }

    async fn fast_forward_handler(&self, name: &str, position: Position) -> Result<(), ParkedError> {
        match self.handler_controls().into_iter().find(|handler| handler.name() == name) {
            Some(handler) => handler.fast_forward(position).await,
            None => Ok(()),
        }
    }
}
