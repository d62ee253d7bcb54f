//! The stored mark of an import: an interrupted import is refused, and handlers start after a complete one. The log of
//! a foreign store has the same mark.

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

/// Under this handler name, which no handler can have, an import stores its last position before its first event, and
/// whether it is still under way.
pub(super) const MARK: &str = ":import";
const _: () = assert!(is_reserved(MARK));
pub(super) const UNDER_WAY: &str = "under way";

/// The mark of earlier versions of the program. A handler may have this name.
const OLD_MARK: &str = "import";

/// What an import needs to know of a handler.
pub(in crate::engine::application) struct KnownHandler<E> {
    start: Start,
    /// A fold that finds the process manager's unfinished work in an imported log.
    unfinished: Box<dyn Fn() -> Option<Box<dyn Unfinished<E>>> + Send + Sync>,
}

/// How a handler starts.
#[derive(Clone, Copy)]
struct Start {
    name: &'static str,
    from: StartFrom,
    folds: bool,
}

impl<E: 'static> KnownHandler<E> {
    pub(in crate::engine::application) fn event_handler<H: EventHandler<E>>() -> Self {
        let start = Start { name: H::NAME, from: H::START, folds: H::FOLDS };
        Self { start, unfinished: Box::new(|| None) }
    }

    pub(in crate::engine::application) fn process_manager<P: ProcessManager<Event = E>>(policy: &P) -> Self {
        let start = Start { name: P::NAME, from: P::START, folds: true };
        let policy = policy.clone();
        Self { start, unfinished: Box::new(move || policy.unfinished()) }
    }

    /// The process manager's name, and a new fold that finds its unfinished work.
    pub(super) fn unfinished(&self) -> Option<(&'static str, Box<dyn Unfinished<E>>)> {
        Some((self.start.name, (self.unfinished)()?))
    }

    fn may_have_unfinished_work(&self) -> bool {
        (self.unfinished)().is_some()
    }
}

impl<E: StoredEvent> Upkeep<E> {
    /// Called before a handler starts: moves its checkpoint past an import, unless it has unfinished work there.
    pub(in crate::engine::application) async fn before_handler(
        &self,
        store: &Store<E>,
        handler: KnownHandler<E>,
    ) -> Result<(), StoreError> {
        if !handler.may_have_unfinished_work() {
            start_after_imported(store, handler.start).await?;
        }
        self.handlers().push(handler);
        Ok(())
    }

    /// Called before the first use of a lease that was acquired after the start. The previous holder may have died in the
    /// middle of an import, or may have imported a log without knowing all the handlers of this process.
    pub(in crate::engine::application) async fn taken_over(&self, store: &Store<E>) -> Result<(), StopReason> {
        let progress = store.read_progress(MARK).await?.unwrap_or_default();
        if progress.state.is_some() {
            let domain = E::DOMAIN;
            let message = format!("another program has begun it and not finished: half a log is no {domain}");
            return Err(StopReason::GaveUp { task: TASK, message });
        }
        for handler in self.without_unfinished_work() {
            match start_after_imported(store, handler).await {
                // The handlers notice the loss at their next step.
                Ok(()) | Err(StoreError::LeaseLost) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn without_unfinished_work(&self) -> Vec<Start> {
        self.handlers()
            .iter()
            .filter(|handler| !handler.may_have_unfinished_work())
            .map(|handler| handler.start)
            .collect()
    }

    /// Folds that find the unfinished work of process managers in a log, from its first event on.
    pub(super) fn unfinished(&self) -> Vec<(&'static str, Box<dyn Unfinished<E>>)> {
        self.handlers().iter().filter_map(KnownHandler::unfinished).collect()
    }
}

/// Refuses a store with an interrupted import. With `accept`, marks the import as ended, provided that this process holds
/// the lease: another process might still be importing.
pub(in crate::engine::application) async fn refuse_unfinished_import<E: StoredEvent>(
    store: &Store<E>,
    url: &StoreUrl,
    accept: bool,
    lease: &Lease,
) -> Result<(), StartError> {
    let progress = store.read_progress(MARK).await?.unwrap_or_default();
    // No handler stores progress like this: it has attempted or acknowledged an event by then.
    let old_mark_under_way = Progress { state: Some(UNDER_WAY.into()), ..Progress::default() };
    let has_old_mark = store.read_progress(OLD_MARK).await? == Some(old_mark_under_way);
    if progress.state.is_none() && !has_old_mark {
        return Ok(());
    }
    if !accept || !lease.is_held() {
        return Err(StartError::HalfImported { store: url.to_string(), domain: E::DOMAIN });
    }
    tracing::warn!("{url}: an import into this {} was not finished; opening it as it is", E::DOMAIN);
    let end = store.end().await?;
    // New events are delivered, even at positions that the import had reserved.
    let checkpoint = if progress.checkpoint == Position::START { end } else { progress.checkpoint.min(end) };
    let ended = Progress { checkpoint, ..Progress::default() };
    store.write_progress(MARK, ended.clone(), ParkedChange::None).await?;
    if has_old_mark {
        store.write_progress(OLD_MARK, ended, ParkedChange::None).await?;
    }
    Ok(())
}

/// Moves a handler's checkpoint past the imported events. The state of a handler that folds is dropped, and folded again
/// from the whole log.
async fn start_after_imported<E: StoredEvent>(
    store: &Store<E>,
    Start { name, from, folds }: Start,
) -> Result<(), StoreError> {
    let imported = store.read_progress(MARK).await?.unwrap_or_default().checkpoint;
    if imported == Position::START {
        return Ok(());
    }
    let start = Progress { checkpoint: imported, ..Progress::default() };
    let progress = match store.read_progress(name).await? {
        Some(progress) => progress,
        // It starts at the end of the log anyway.
        None if from == StartFrom::Now => return Ok(()),
        None => store.begin_progress(name, start.clone()).await?,
    };
    if progress.checkpoint >= imported {
        return Ok(());
    }
    let state = if folds { None } else { progress.state };
    store.write_progress(name, Progress { state, ..start }, ParkedChange::None).await
}
