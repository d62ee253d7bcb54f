//! Taking the log of another bank into an empty one.
//!
//! The events are no news: handlers with effects are moved past them, and a transfer that had not ended goes on.

use std::future::{Future, ready};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use tokio::sync::mpsc;

use super::errors::{ImportError, OpenError, Unavailable};
use super::import_file::{Contents, ImportFile, failed};
use super::replayed::Replayed;
use super::{AccountEvent, Accounts, Bank, CeoBonus, StoreUrl, ThankYouEmail, TransferProcess};
use crate::engine::application::Hooks;
use crate::engine::blocking::blocking;
use crate::engine::event::Position;
use crate::engine::event_handler::{EventHandler, ParkedError, Starts};
use crate::engine::lease::Lease;
use crate::engine::process_manager::ProcessManager;
use crate::engine::projection::ReadModel;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress, is_reserved};
use crate::engine::store::{EventStore as _, Store, StoreError};
use crate::engine::supervisor::StopReason;

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportStep {
    /// It is read, to see whether it is whole.
    Check,
    /// Its events are stored.
    Store,
}

const TASK: &str = "import";

/// Where an import writes down up to which position it stores events, before the first and for ever, and whether it has
/// ended: as the progress of no handler.
const MARK: &str = ":import";
const _: () = assert!(is_reserved(MARK));
const UNDER_WAY: &str = "under way";

/// Where that was written down once. A handler may have this name.
const OLD_MARK: &str = "import";

/// The handlers that have effects which must not come again.
const PASSED_OVER: [&str; 2] =
    [CeoBonus::NAME, <ThankYouEmail<ReadModel<Accounts>> as EventHandler<AccountEvent>>::NAME];

type Told = (ImportStep, u64, u64);

impl Bank {
    /// Takes in the events of a file that [`Application::export`](crate::engine::application::Application::export) has
    /// written, with their times and ids. The bank has to be empty. The file is checked as [`Bank::verify`] does before
    /// anything is stored. `tell` hears now and then how many events of how many are done. Answers how many there are.
    ///
    /// Once the first event is stored, the import goes on to its end even if the future is dropped. If the process
    /// ends before that, the bank is refused when it is opened again.
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
        let mut importing = std::pin::pin!(tokio::spawn(self.clone().import_file(path.to_owned(), progress)));
        loop {
            tokio::select! {
                biased;
                imported = &mut importing => {
                    return imported.unwrap_or_else(|panic| Err(Unavailable::Defect(panic.to_string()).into()));
                }
                Some((step, done, total)) = heard.recv() => tell(step, done, total),
            }
        }
    }

    async fn import_file(self, path: PathBuf, progress: mpsc::Sender<Told>) -> Result<u64, ImportError> {
        let _importing = self.changing().lock_owned().await;
        self.still_open()?;
        self.check_empty().await?;
        if !self.lease().is_held() {
            return Err(ImportError::OpenElsewhere);
        }
        let (file, contents) = self.check_file(&path, &progress).await?;
        let held = self.feed().hold_handlers().await;
        let held = self.or_unavailable(held.ok_or(StoreError::Closed)).await?;
        // Somebody may have been quicker than the check.
        self.check_empty().await?;
        let end = Position::new(contents.events);
        let begun = Progress { checkpoint: end, state: Some(UNDER_WAY.into()), ..Progress::default() };
        let begun = self.store().write_progress(MARK, begun, ParkedChange::None).await;
        self.or_unavailable(begun).await?;

        let replayed = Replayed::new(self.snapshot_every());
        let mut import = Import { bank: &self, imported: 0, end: Position::START, replayed };
        match import.store_all(file, &contents, &progress).await {
            Ok(()) => {}
            Err(reason) => {
                let (imported, events) = (import.imported, contents.events);
                let stopped = ImportError::Stopped { path, imported, events, reason };
                // Half a log is no bank.
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
    ) -> Result<(ImportFile, Contents), ImportError> {
        let (from, progress) = (path.to_owned(), progress.clone());
        let checked = blocking(move || {
            let mut file = ImportFile::open(&from)?;
            let contents = file.check(|done, total| {
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
struct Import<'a> {
    bank: &'a Bank,
    imported: u64,
    /// The position of the last event that was stored.
    end: Position,
    replayed: Replayed,
}

impl Import<'_> {
    async fn store_all(
        &mut self,
        mut file: ImportFile,
        contents: &Contents,
        progress: &mpsc::Sender<Told>,
    ) -> Result<(), String> {
        let store = self.bank.store();
        let mut transfers_until = Position::START;
        loop {
            let read = blocking(move || (file.next_batch(), file)).await;
            let (events, rest) = read.map_err(|error| error.to_string())?;
            file = rest;
            let events = events.map_err(|error| error.to_string())?;
            if events.is_empty() {
                break;
            }
            let appended = store.append(self.replayed.appends(events)).await.map_err(|error| error.to_string())?;
            for committed in appended {
                let committed = committed.map_err(|rejected| rejected.to_string())?;
                for event in committed.iter() {
                    self.imported += 1;
                    self.end = event.position;
                    if contents.first_to_go_on.is_none_or(|first| self.imported < first) {
                        transfers_until = event.position;
                    }
                }
            }
            self.pass_over().await.map_err(|error| error.to_string())?;
            let _ = progress.try_send((ImportStep::Store, self.imported, contents.events));
        }
        self.pass_over_one(TransferProcess::NAME, transfers_until).await.map_err(|error| error.to_string())?;
        let ended = Progress { checkpoint: self.end, ..Progress::default() };
        store.write_progress(MARK, ended, ParkedChange::None).await.map_err(|error| error.to_string())
    }

    /// Moves the handlers past what is stored. Those that do not run now may another time.
    async fn pass_over(&self) -> Result<(), ParkedError> {
        let own = self.bank.handler_controls().into_iter().map(|handler| handler.name());
        let own = own.filter(|name| *name != TransferProcess::NAME && !PASSED_OVER.contains(name));
        for name in PASSED_OVER.into_iter().chain(own) {
            self.pass_over_one(name, self.end).await?;
        }
        Ok(())
    }

    async fn pass_over_one(&self, name: &str, position: Position) -> Result<(), ParkedError> {
        if let Some(handler) = self.bank.handler_controls().into_iter().find(|handler| handler.name() == name) {
            return handler.pass_over(position).await;
        }
        let store = self.bank.store();
        if store.read_progress(name).await?.is_some() {
            // What a process remembers of this is folded when it runs.
            let progress = Progress { checkpoint: position, ..Progress::default() };
            store.write_progress(name, progress, ParkedChange::None).await?;
        }
        Ok(())
    }
}

/// What a start of a bank has to do with imports.
pub(super) struct Imports;

impl Hooks<AccountEvent> for Imports {
    fn refuse<'a>(
        &'a self,
        url: &'a StoreUrl,
        store: &'a Store<AccountEvent>,
        accept_loss: bool,
        lease: &'a Lease,
    ) -> Doing<'a, OpenError> {
        Box::pin(refuse_half(store, url, accept_loss, lease))
    }

    fn before_handler<'a>(
        &'a self,
        store: &'a Store<AccountEvent>,
        name: &'static str,
        starts: Starts,
        folds: bool,
    ) -> Doing<'a, StoreError> {
        // Transfers that were under way go on.
        if name == TransferProcess::NAME {
            return Box::pin(ready(Ok(())));
        }
        Box::pin(start_after_imported(store, name, starts, folds))
    }

    fn stop_late(&self, store: Store<AccountEvent>) -> Doing<'static, StopReason> {
        Box::pin(stop_at_half(store))
    }
}

type Doing<'a, E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send + 'a>>;

/// Refuses a store with half a log in it, unless that is to be accepted and nobody else has the store open, who may be
/// storing the other half just now.
async fn refuse_half(
    store: &Store<AccountEvent>,
    url: &StoreUrl,
    accept: bool,
    lease: &Lease,
) -> Result<(), OpenError> {
    let progress = store.read_progress(MARK).await?.unwrap_or_default();
    // A handler has tried or acknowledged an event before it writes down anything.
    let under_way_once = Progress { state: Some(UNDER_WAY.into()), ..Progress::default() };
    let is_half_since_once = store.read_progress(OLD_MARK).await? == Some(under_way_once);
    if progress.state.is_none() && !is_half_since_once {
        return Ok(());
    }
    if !accept || !lease.is_held() {
        return Err(OpenError::HalfImported { store: url.to_string() });
    }
    tracing::warn!("{url}: an import into this bank was not finished; it is opened as it is");
    let end = store.end().await?;
    // What happens from now on is news, even where the other half would have been.
    let checkpoint = if progress.checkpoint == Position::START { end } else { progress.checkpoint.min(end) };
    let ended = Progress { checkpoint, ..Progress::default() };
    store.write_progress(MARK, ended.clone(), ParkedChange::None).await?;
    if is_half_since_once {
        store.write_progress(OLD_MARK, ended, ParkedChange::None).await?;
    }
    Ok(())
}

/// Whoever takes over the handlers from a process that has died may find half a log where there was none before.
async fn stop_at_half(store: Store<AccountEvent>) -> Result<(), StopReason> {
    let progress = store.read_progress(MARK).await?.unwrap_or_default();
    match progress.state {
        None => Ok(()),
        Some(_) => {
            let message = "another program has begun it and not finished: half a log is no bank".to_owned();
            Err(StopReason::GaveUp { task: TASK, message })
        }
    }
}

/// Lets a handler that is about to start do so after all that was imported, at whatever moment the import has ended:
/// none of it is news. One that `folds` remembers it all the same.
async fn start_after_imported(
    store: &Store<AccountEvent>,
    name: &str,
    starts: Starts,
    folds: bool,
) -> Result<(), StoreError> {
    let imported = store.read_progress(MARK).await?.unwrap_or_default().checkpoint;
    if imported == Position::START {
        return Ok(());
    }
    let start = Progress { checkpoint: imported, ..Progress::default() };
    let progress = match store.read_progress(name).await? {
        Some(progress) => progress,
        // It starts after that anyway.
        None if starts == Starts::AtTheEnd => return Ok(()),
        None => store.begin_progress(name, start.clone()).await?,
    };
    if progress.checkpoint >= imported {
        return Ok(());
    }
    let state = if folds { None } else { progress.state };
    store.write_progress(name, Progress { state, ..start }, ParkedChange::None).await
}
