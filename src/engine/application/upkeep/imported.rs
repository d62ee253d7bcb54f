//! What is known of an import after it has begun: half of one is refused, and no handler starts before the end of one.

use super::Upkeep;
use crate::engine::application::StartError;
use crate::engine::event_handler::lease::Lease;
use crate::engine::event_handler::{EventHandler, StartFrom};
use crate::engine::log::Position;
use crate::engine::process_manager::{ProcessManager, Unfinished};
use crate::engine::runtime::StopReason;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress, is_reserved};
use crate::engine::store::{EventStore as _, Store, StoreError, StoreUrl};

pub(super) const TASK: &str = "import";

/// Where an import writes down up to which position it stores events, before the first and for ever, and whether it has
/// ended: as the progress of no handler.
pub(super) const MARK: &str = ":import";
const _: () = assert!(is_reserved(MARK));
pub(super) const UNDER_WAY: &str = "under way";

/// Where that was written down once. A handler may have this name.
const OLD_MARK: &str = "import";

/// A handler that the application has, or may come to have.
pub(in crate::engine::application) struct KnownHandler<E> {
    start: Start,
    /// What it has left to do of a log that is imported.
    unfinished: Box<dyn Fn() -> Option<Box<dyn Unfinished<E>>> + Send + Sync>,
}

/// What has to be known of a handler before it starts.
#[derive(Clone, Copy)]
struct Start {
    name: &'static str,
    starts: StartFrom,
    folds: bool,
}

impl<E: 'static> KnownHandler<E> {
    pub(in crate::engine::application) fn event_handler<H: EventHandler<E>>() -> Self {
        let start = Start { name: H::NAME, starts: H::START, folds: H::FOLDS };
        Self { start, unfinished: Box::new(|| None) }
    }

    pub(in crate::engine::application) fn process_manager<P: ProcessManager<Event = E>>(policy: &P) -> Self {
        let start = Start { name: P::NAME, starts: P::START, folds: true };
        let policy = policy.clone();
        Self { start, unfinished: Box::new(move || policy.unfinished()) }
    }

    fn goes_on(&self) -> bool {
        (self.unfinished)().is_some()
    }
}

impl<E: StoredEvent> Upkeep<E> {
    /// To be told of each handler before it starts: it does so after all that was imported, at whatever moment the import
    /// has ended.
    pub(in crate::engine::application) async fn before_handler(
        &self,
        store: &Store<E>,
        handler: KnownHandler<E>,
    ) -> Result<(), StoreError> {
        if !handler.goes_on() {
            start_after_imported(store, handler.start).await?;
        }
        self.handlers().push(handler);
        Ok(())
    }

    /// Before anything is done by a right to run the handlers that was taken late. Whoever takes them over from a process
    /// that has died may find half a log where there was none before; and where that process did not have them all, it
    /// could not move them past a whole one.
    pub(in crate::engine::application) async fn taken_over(&self, store: &Store<E>) -> Result<(), StopReason> {
        let progress = store.read_progress(MARK).await?.unwrap_or_default();
        if progress.state.is_some() {
            let domain = E::DOMAIN;
            let message = format!("another program has begun it and not finished: half a log is no {domain}");
            return Err(StopReason::GaveUp { task: TASK, message });
        }
        for handler in self.passed_over() {
            match start_after_imported(store, handler).await {
                // They are told so at their next step.
                Ok(()) | Err(StoreError::LeaseLost) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The handlers to which nothing that was imported is news.
    fn passed_over(&self) -> Vec<Start> {
        self.handlers().iter().filter(|handler| !handler.goes_on()).map(|handler| handler.start).collect()
    }

    /// What process managers have left to do of a log that is looked at from its first event on.
    pub(super) fn unfinished(&self) -> Vec<(&'static str, Box<dyn Unfinished<E>>)> {
        let handlers = self.handlers();
        handlers.iter().filter_map(|handler| Some((handler.start.name, (handler.unfinished)()?))).collect()
    }
}

/// Refuses a store with half a log in it, unless that is to be accepted and nobody else has the store open, who may be
/// storing the other half just now.
pub(in crate::engine::application) async fn refuse_half<E: StoredEvent>(
    store: &Store<E>,
    url: &StoreUrl,
    accept: bool,
    lease: &Lease,
) -> Result<(), StartError> {
    let progress = store.read_progress(MARK).await?.unwrap_or_default();
    // A handler has tried or acknowledged an event before it writes down anything.
    let under_way_once = Progress { state: Some(UNDER_WAY.into()), ..Progress::default() };
    let is_half_since_once = store.read_progress(OLD_MARK).await? == Some(under_way_once);
    if progress.state.is_none() && !is_half_since_once {
        return Ok(());
    }
    if !accept || !lease.is_held() {
        return Err(StartError::HalfImported { store: url.to_string(), domain: E::DOMAIN });
    }
    tracing::warn!("{url}: an import into this {} was not finished; opening it as it is", E::DOMAIN);
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

/// Lets a handler start after all that was imported: none of it is news. One that folds remembers it all the same.
async fn start_after_imported<E: StoredEvent>(
    store: &Store<E>,
    Start { name, starts, folds }: Start,
) -> Result<(), StoreError> {
    let imported = store.read_progress(MARK).await?.unwrap_or_default().checkpoint;
    if imported == Position::START {
        return Ok(());
    }
    let start = Progress { checkpoint: imported, ..Progress::default() };
    let progress = match store.read_progress(name).await? {
        Some(progress) => progress,
        // It starts after that anyway.
        None if starts == StartFrom::Now => return Ok(()),
        None => store.begin_progress(name, start.clone()).await?,
    };
    if progress.checkpoint >= imported {
        return Ok(());
    }
    let state = if folds { None } else { progress.state };
    store.write_progress(name, Progress { state, ..start }, ParkedChange::None).await
}
