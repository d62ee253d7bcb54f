//! Taking the log of another store into an empty one.
//!
//! The events are no news: handlers are moved past them, but for process managers that have something
//! [left to do](crate::engine::process_manager::ProcessManager::unfinished).

use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::import_file::{Contents, ImportFile, failed};
use super::imported::{MARK, TASK, UNDER_WAY};
use super::replayed::Replayed;
use crate::engine::application::{Application, ImportError, Unavailable};
use crate::engine::event_handler::ParkedError;
use crate::engine::log::Position;
use crate::engine::runtime::{StopReason, blocking};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use crate::engine::store::{EventStore as _, StoreError};

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportStep {
    /// It is read, to see whether it is whole.
    Check,
    /// Its events are stored.
    Store,
}

type Told = (ImportStep, u64, u64);

impl<E: StoredEvent> Application<E> {
    /// Takes in the events of a file that [`Application::export`] has written, with their times and ids. The store has to
    /// be empty. The file is checked as [`Application::verify`] does before anything is stored. `tell` hears now and then
    /// how many events of how many are done. Answers how many there are.
    ///
    /// None of them is news: no handler is called with one of them, be it now or later, unless it is a process manager
    /// that has something [left to do](crate::engine::process_manager::ProcessManager::unfinished).
    ///
    /// Once the first event is stored, the import goes on to its end even if the future is dropped. If the process
    /// ends before that, the store is refused when it is opened again.
    ///
    /// # Errors
    ///
    /// [`ImportError`]: why not all events are stored; mostly none are.
    pub async fn import(
        &self,
        path: &Path,
        mut tell: impl FnMut(ImportStep, u64, u64) + Send,
    ) -> Result<u64, ImportError> {
        let (progress, mut heard) = mpsc::channel(1);
        let importing = self.clone().import_file(path.to_owned(), progress);
        let mut importing = std::pin::pin!(self.supervisor().runtime().spawn(importing));
        loop {
            tokio::select! {
                biased;
                imported = &mut importing => {
                    let unavailable = match imported {
                        Ok(imported) => return imported,
                        Err(ended) if ended.is_panic() => Unavailable::Defect(ended.to_string()),
                        // It is gone with its runtime.
                        Err(_) => self.supervisor().stopped().await.into(),
                    };
                    return Err(unavailable.into());
                }
                Some((step, done, total)) = heard.recv() => tell(step, done, total),
            }
        }
    }

    async fn import_file(self, path: PathBuf, progress: mpsc::Sender<Told>) -> Result<u64, ImportError> {
        let _importing = self.inner.changing.clone().lock_owned().await;
        self.still_open()?;
        self.check_empty().await?;
        let wanted = self.want_handlers().await;
        self.or_unavailable(wanted).await?;
        if !self.inner.lease.is_held() {
            return Err(ImportError::OpenElsewhere);
        }
        let (file, contents) = self.check_file(&path, &progress).await?;
        let held = self.inner.feed.hold_handlers().await;
        let held = self.or_unavailable(held.ok_or(StoreError::Closed)).await?;
        // Somebody may have been quicker than the check.
        self.check_empty().await?;
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
                // Half a log is none.
                self.supervisor().stop(StopReason::GaveUp { task: TASK, message: stopped.to_string() });
                return Err(stopped);
            }
        }
        drop(held);
        self.settle().await;
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
        progress: &mpsc::Sender<Told>,
    ) -> Result<(ImportFile<E>, Contents), ImportError> {
        let (from, progress, upkeep) = (path.to_owned(), progress.clone(), self.inner.upkeep.clone());
        let checked = blocking(move || {
            let mut file = ImportFile::open(&from)?;
            let contents = file.check(&upkeep, |done, total| {
                // Whoever wants to see progress need not see all of it.
                let _ = progress.try_send((ImportStep::Check, done, total));
                !progress.is_closed()
            })?;
            Ok((file, contents))
        });
        checked.await.map_err(|not_done| failed(path, io::Error::other(not_done)))?
    }
}

/// An import that has begun to store events.
struct Import<'a, E: 'static> {
    application: &'a Application<E>,
    imported: u64,
    /// The position of the last event that was stored.
    end: Position,
    replayed: Replayed<E>,
}

impl<E: StoredEvent> Import<'_, E> {
    async fn store_all(
        &mut self,
        mut file: ImportFile<E>,
        contents: &Contents,
        progress: &mpsc::Sender<Told>,
    ) -> Result<(), String> {
        let Self { application, .. } = *self;
        let store = application.store();
        loop {
            let read = blocking(move || (file.next_batch(), file)).await;
            let (events, rest) = read.map_err(|error| error.to_string())?;
            file = rest;
            let events = events.map_err(|error| error.to_string())?;
            if events.is_empty() {
                break;
            }
            let appends = self.replayed.appends(events).map_err(|error| error.to_string())?;
            let appended = store.append(appends).await.map_err(|error| error.to_string())?;
            for committed in appended {
                let committed = committed.map_err(|rejected| rejected.to_string())?;
                self.imported += committed.len() as u64;
                self.end = committed.last().map_or(self.end, |last| last.position);
            }
            let passed = application.fast_forward(contents, self.end).await;
            passed.map_err(|error| error.to_string())?;
            let _ = progress.try_send((ImportStep::Store, self.imported, contents.events));
        }
        for (name, first) in &contents.unfinished {
            let until = first.map_or(self.end, Position::before);
            application.pass_over_one(name, until).await.map_err(|error| error.to_string())?;
        }
        let ended = Progress { checkpoint: self.end, ..Progress::default() };
        store.write_progress(MARK, ended, ParkedChange::None).await.map_err(|error| error.to_string())
    }
}

impl<E: StoredEvent> Application<E> {
    /// Moves the handlers past what is stored, but for those that go on. Those that do not run now
    /// [start after it](super::imported).
    async fn fast_forward(&self, contents: &Contents, position: Position) -> Result<(), ParkedError> {
        for handler in self.handler_controls() {
            if !contents.unfinished.iter().any(|(name, _)| *name == handler.name()) {
                handler.fast_forward(position).await?;
            }
        }
        Ok(())
    }

    async fn pass_over_one(&self, name: &str, position: Position) -> Result<(), ParkedError> {
        match self.handler_controls().into_iter().find(|handler| handler.name() == name) {
            Some(handler) => handler.fast_forward(position).await,
            None => Ok(()),
        }
    }
}
