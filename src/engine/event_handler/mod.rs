//! Event handlers: each gets the events it wants, in order and at least once, and acknowledges them.
//!
//! An event is delivered again until it is acknowledged: after a delay, a panic, or a restart. A handler that fails says
//! by its [`Failure`] what happens next. The [`feed`](super::feed) tells each handler how far it may read, and moves its
//! checkpoint over events it does not want.

mod control;
mod deliver;
mod deliveries;
mod failure;
mod gate;
mod held;
pub mod lease;
mod panic_guard;
mod parked;
mod recorded;
mod retry;
mod run_end;
mod runner;
mod seam;

use std::future::{Future, ready};
use std::sync::Arc;

use tokio::sync::mpsc;

pub(in crate::engine) use self::control::Settling;
use self::control::{Check, REQUESTS, check};
pub use self::control::{HandlerControl, ParkedError};
pub use self::deliveries::{Delivery, DeliveryOutcome, LATEST_DELIVERIES};
pub use self::failure::{Failure, NackAction};
pub(in crate::engine) use self::gate::SeamRequest;
use self::panic_guard::{GuardedHandler, Make};
pub use self::retry::RetryPolicy;
use self::runner::Runner;
use super::feed::checkpoints::{Checkpoints, HandlerKind, MAX_WAIT, Registration, Slot};
use super::feed::inbox::{Filter, HandlerFeed};
use super::feed::{Feed, FeedHandle};
use super::store::handler_records::{HandlerRecords as _, Progress, is_reserved};
use super::store::{Store, StoreError};
use crate::engine::event_handler::lease::Lease;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::{Clock, Supervisor};
use crate::engine::store::codec::StoredEvent;

/// A reaction to events that has effects, such as sending mail.
pub trait EventHandler<E>: Send + Sync + Sized + 'static {
    /// The handler's name, shown to users. Its progress is stored under this name, so the name must never change.
    ///
    /// Names that begin with a colon are reserved for the engine. A program that starts a handler with such a name does not
    /// compile:
    ///
    /// ```compile_fail,E0080
    /// use cqrs_bank::bank::{AccountEvent, Bank};
    /// use cqrs_bank::engine::log::RecordedEvent;
    /// use cqrs_bank::engine::event_handler::{EventHandler, Failure};
    ///
    /// #[derive(Clone)]
    /// struct Ours;
    ///
    /// impl EventHandler<AccountEvent> for Ours {
    ///     const NAME: &'static str = ":import";
    ///
    ///     fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
    ///         |_| true
    ///     }
    ///
    ///     async fn handle(&mut self, _: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// async fn add(bank: Bank) {
    ///     bank.add_event_handler(Ours).await.unwrap();
    /// }
    /// # let _ = async { add(Bank::open(cqrs_bank::bank::StoreUrl::Memory).await.unwrap()).await };
    /// ```
    const NAME: &'static str;

    /// What it does with events.
    const KIND: HandlerKind = HandlerKind::EventHandler;

    /// Whether strong consistency waits for the handler. For slow effects outside, such as mail, it should not.
    const AWAITED: bool = false;

    /// Where the handler starts in a store that it has not seen before.
    const START: StartFrom = StartFrom::Now;

    /// Whether the handler's state is a fold of the log. The stored state then only saves folding it again.
    const FOLDS: bool = false;

    /// Whether an event that comes twice does no harm, as whoever gets it from the handler recognises it. The handler's
    /// progress is then stored only now and then, and after a crash the events since come again.
    const MAY_REPEAT: bool = false;

    /// The handler's title in the trace line of each event; `None` for a handler that writes its own.
    const TRACE_TITLE: Option<&'static str> = None;

    /// Selects the events that the handler wants. Called for every event, so it should be quick.
    fn filter(&self) -> impl Fn(&RecordedEvent<E>) -> bool + Send + Sync + 'static;

    /// Handles an event. The same event may come twice: if the process ends after the effect and before the
    /// acknowledgement, it is delivered again.
    ///
    /// # Errors
    ///
    /// [`Failure`]: what went wrong, and what happens to the event. Unless the event is skipped, the handler returns to the
    /// state it had before; it may be created anew for that.
    fn handle(&mut self, event: &RecordedEvent<E>) -> impl Future<Output = Result<(), Failure>> + Send;

    /// The handler's state, stored with its checkpoint.
    fn state(&self) -> Option<Box<str>> {
        None
    }

    /// Restores a state from [`EventHandler::state`].
    fn restore(&mut self, state: &str) {
        let _ = state;
    }

    /// Restores the handler as it was after `checkpoint`. `state` is its stored state there, if it has one.
    ///
    /// # Errors
    ///
    /// [`Failure`]: it cannot be restored now. Its next event is not delivered until it can.
    fn resume(
        &mut self,
        state: Option<&str>,
        checkpoint: Position,
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = checkpoint;
        if let Some(state) = state {
            self.restore(state);
        }
        ready(Ok(()))
    }

    /// Folds an event that is parked instead of handled. Called only if the handler [folds](EventHandler::FOLDS).
    ///
    /// # Errors
    ///
    /// [`Failure`]: the state is folded again from the log instead.
    fn on_parked(&mut self, event: &RecordedEvent<E>) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = event;
        ready(Ok(()))
    }

    /// Ends the work on a parked event that a person gives up: it does not come again. Called only if the handler
    /// [folds](EventHandler::FOLDS).
    ///
    /// # Errors
    ///
    /// [`Failure`]: the event stays parked.
    fn give_up(&mut self, event: &RecordedEvent<E>) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = event;
        ready(Ok(()))
    }

    /// How a stored state differs from the log; `None` if it does not.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the log could not be read.
    fn difference(&self, progress: &Progress) -> impl Future<Output = Result<Option<String>, StoreError>> + Send {
        let _ = progress;
        ready(Ok(None))
    }

    /// A note for users that is not a failure, such as a limit that was reached.
    fn note(&self) -> Option<String> {
        None
    }
}

/// Where a handler starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFrom {
    /// With the first event of the log.
    Origin,
    /// With the next event.
    Now,
}

/// What all handlers of one store share.
#[derive(Clone, Debug)]
pub struct HandlerContext<E: 'static> {
    /// The store.
    pub store: Store<E>,
    /// Where they report their progress.
    pub checkpoints: Checkpoints,
    /// The clock.
    pub clock: Arc<Clock>,
    /// The lease under which one process runs them.
    pub lease: Lease,
    /// How often, and after what delays, they retry.
    pub retry: RetryPolicy,
    /// Watches their tasks.
    pub supervisor: Supervisor,
}

/// Starts a handler's task. The handler gets its events from `feed`, after the projections have seen them. `make` creates
/// it, and creates it anew after a panic or after a failure that has changed its state.
///
/// # Errors
///
/// [`StoreError`]: its progress could not be read. It does not run.
///
/// # Panics
///
/// If `make` panics.
pub async fn start<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    context: &HandlerContext<E>,
    feed: &mut Feed<E>,
) -> Result<HandlerControl, StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    start_reading(make, None, context, feed).await
}

/// Like [`start`], for a handler that reads a projection of this name. While the projection is held, the handler gets no
/// event that it does not know.
pub(super) async fn start_reading<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    reads: Option<&'static str>,
    context: &HandlerContext<E>,
    feed: &mut Feed<E>,
) -> Result<HandlerControl, StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    let (handler_feed, runner, check, registration) = prepare(make, context).await?;
    let control = run(runner, check, &context.supervisor);
    feed.hand_over_to(handler_feed.reading(reads));
    registration.keep();
    Ok(control)
}

/// Like [`start`], while the feed runs. When this returns, an awaited handler has seen the whole log, unless that takes
/// longer than [`MAX_WAIT`], or it waits to retry an event.
///
/// # Errors
///
/// [`StoreError`]: its progress could not be read, or the store is closed. It does not run.
///
/// # Panics
///
/// If `make` panics.
pub async fn join<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    context: &HandlerContext<E>,
    feed: &FeedHandle<E>,
) -> Result<HandlerControl, StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    let (control, joining) = begin_to_join(make, context, feed).await?;
    joining.wait_until_seen().await;
    Ok(control)
}

/// [`join`] in two steps: the handler runs whether or not the caller waits until it has seen the whole log.
pub(super) async fn begin_to_join<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    context: &HandlerContext<E>,
    feed: &FeedHandle<E>,
) -> Result<(HandlerControl, Joining), StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    let (handler_feed, runner, check, registration) = prepare(make, context).await?;
    let inbox = handler_feed.inbox();
    feed.hand_over_to(handler_feed).await.ok_or(StoreError::Closed)?;
    let control = run(runner, check, &context.supervisor);
    let (checkpoints, slot) = (context.checkpoints.clone(), registration.keep());
    Ok((control, Joining { checkpoints, slot, end: H::AWAITED.then(|| inbox.end()) }))
}

/// A handler that runs, and has not seen the whole log yet.
pub(super) struct Joining {
    checkpoints: Checkpoints,
    slot: Slot,
    /// `None` if the handler is not awaited.
    end: Option<Position>,
}

impl Joining {
    /// Waits as [`join`] does.
    pub(super) async fn wait_until_seen(self) {
        if let Some(end) = self.end {
            self.checkpoints.wait_until_tried(&self.slot, end, MAX_WAIT).await;
        }
    }
}

/// Registers a handler that does not run yet.
async fn prepare<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    context: &HandlerContext<E>,
) -> Result<(HandlerFeed<E>, Runner<E, H>, Check, Registration), StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    const { assert!(!is_reserved(H::NAME), "handler names that begin with a colon are reserved for the engine") };
    let HandlerContext { store, checkpoints, lease, .. } = context;
    // Read under the lease, when no other process moves the checkpoint.
    let held = lease.hold();
    let progress = runner::progress::<E, H>(store).await?;
    let handler = make();
    let filter: Filter<E> = Arc::new(handler.filter());
    let awaited = H::AWAITED && held.is_some();
    let slot = checkpoints.register_handler(H::NAME, H::KIND, awaited, progress.checkpoint);
    let registration = checkpoints.registration(slot.clone());
    let handler_feed = HandlerFeed::new(filter.clone(), H::TRACE_TITLE, context.checkpoints.clone(), slot.clone());
    if held.is_none() {
        handler_feed.inbox().close();
    }
    let make: Make<H> = Arc::new(make);
    let check = check::<E, H>(make.clone(), store.clone());
    let instance = GuardedHandler::new(make, filter, handler, context.store.is_durable());
    let runner = Runner::new(instance, handler_feed.inbox(), slot, context.clone(), progress, held);
    Ok((handler_feed, runner, check, registration))
}

fn run<E, H>(runner: Runner<E, H>, check: Check, supervisor: &Supervisor) -> HandlerControl
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    let (requests, to_answer) = mpsc::channel(REQUESTS);
    let (inbox, deliveries) = (runner.inbox.clone(), runner.deliveries.clone());
    supervisor.spawn(H::NAME, runner.run(to_answer));
    HandlerControl::new(H::NAME, requests, inbox, deliveries, check)
}
