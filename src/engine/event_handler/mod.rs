//! Event handlers: each gets every event it wants at least once, in order, and acknowledges it.
//!
//! Until it does, the event comes again: after a delay, after a panic, after a restart. What a failing handler wants is
//! said by the [`Failure`] it returns. The events themselves come from the store; the [`feed`](super::feed) tells each
//! handler how far it may read, and passes it over events it does not want.

mod control;
mod instance;
pub mod lease;
mod parked;
mod retry;
mod runner;

use std::future::{Future, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;

pub(in crate::engine) use self::control::Settling;
use self::control::{Check, REQUESTS, check};
pub use self::control::{HandlerControl, ParkedError};
use self::instance::{Instance, Make};
pub use self::retry::RetryPolicy;
use self::runner::Runner;
use super::feed::checkpoints::{Checkpoints, HandlerKind, MAX_WAIT, Slot, UnlessKept};
use super::feed::inbox::{Filter, HandlerFeed};
use super::feed::{Feed, FeedHandle};
use super::store::handler_records::{Progress, is_reserved};
use super::store::{Store, StoreError};
use crate::engine::event_handler::lease::Lease;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::{Clock, NotDone, Supervisor};
use crate::engine::store::codec::StoredEvent;

/// What does something about events.
pub trait EventHandler<E>: Send + Sync + Sized + 'static {
    /// The handler's name, as people see it and under which its progress is stored. It never changes.
    ///
    /// Names that begin with a colon are kept for the engine, and a program that starts a handler with such a name does
    /// not compile:
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
    /// # let _ = async { add(Bank::open(cqrs_bank::bank::Store::Memory).await.unwrap()).await };
    /// ```
    const NAME: &'static str;

    /// What it does with events.
    const KIND: HandlerKind = HandlerKind::EventHandler;

    /// Whether strong consistency waits for it. For one with effects outside, such as mail, nobody should.
    const AWAITED: bool = false;

    /// Where it starts in a store that it has not seen yet.
    const START: StartFrom = StartFrom::Now;

    /// Whether what it remembers is a fold of the log: what was written down of it only saves the time to fold it again.
    const FOLDS: bool = false;

    /// What the trace calls it as an event reaches it; nothing for one that speaks for itself.
    const TRACE_TITLE: Option<&'static str> = None;

    /// Which events it wants. It is asked for every event that happens, so the answer should be quick.
    fn filter(&self) -> impl Fn(&RecordedEvent<E>) -> bool + Send + Sync + 'static;

    /// Does something about an event. An event can come twice: when the process ends between the deed and the
    /// acknowledgement, nobody knows that it was done.
    ///
    /// # Errors
    ///
    /// [`Failure`]: what went wrong, and what is to become of the event. Unless it is skipped, the handler remembers
    /// afterwards what it remembered before, for which it may be made anew.
    fn handle(&mut self, event: &RecordedEvent<E>) -> impl Future<Output = Result<(), Failure>> + Send;

    /// What it has to remember from event to event, stored with its checkpoint.
    fn state(&self) -> Option<Box<str>> {
        None
    }

    /// Takes back what [`EventHandler::state`] has told.
    fn restore(&mut self, state: &str) {
        let _ = state;
    }

    /// Remembers what it knew when it had acknowledged all events up to `checkpoint`. That is what it told then, if it has
    /// told anything.
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

    /// Takes note of an event that it could not do with and that is parked. Only one that folds is told.
    fn on_parked(&mut self, event: &RecordedEvent<E>) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = event;
        ready(Ok(()))
    }

    /// How the state that was written down with some progress is not what the log makes of it, if that is so.
    fn difference(&self, progress: &Progress) -> impl Future<Output = Result<Option<String>, StoreError>> + Send {
        let _ = progress;
        ready(Ok(None))
    }

    /// What people should know although nothing has failed.
    fn note(&self) -> Option<String> {
        None
    }
}

/// Where a handler starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFrom {
    /// With the first event there is.
    Origin,
    /// With what happens from now on.
    Now,
}

/// Why a handler could not do with an event.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct Failure {
    /// What went wrong, for people.
    pub reason: String,
    /// What is to become of the event.
    pub action: NackAction,
}

/// What a handler that failed wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NackAction {
    /// The event again, after a delay that grows; when it keeps failing, it is parked.
    Retry,
    /// The event again after this delay.
    RetryAfter(Duration),
    /// On to the next event, as if this one had been handled.
    Skip,
    /// The event set aside, and on to the next.
    Park,
    /// No more events at all.
    Stop,
    /// The event again, as if it had not come yet: it is not for the handler that it was not done with, but for
    /// something that has come to its end, as when all is closed.
    Untried,
}

impl Failure {
    /// The default: the event shall come again.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), action: NackAction::Retry }
    }

    /// The same failure with another action.
    #[must_use]
    pub fn with_action(self, action: NackAction) -> Self {
        Self { action, ..self }
    }
}

/// What the system could not do it may be able to do later.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::retry(error.to_string())
    }
}

impl From<NotDone> for Failure {
    fn from(error: NotDone) -> Self {
        Self::retry(error.to_string())
    }
}

/// What the handlers of one store have in common.
#[derive(Clone, Debug)]
pub struct HandlerContext<E: 'static> {
    /// The store.
    pub store: Store<E>,
    /// Where they tell how far they are.
    pub checkpoints: Checkpoints,
    /// When it is time.
    pub clock: Arc<Clock>,
    /// Whether this process may run them.
    pub lease: Lease,
    /// How often they try.
    pub retry: RetryPolicy,
    /// What watches their tasks.
    pub supervisor: Supervisor,
}

/// Starts a handler's task. What happens from here on reaches it. It gets its events by way of `feed`, after the
/// projections have seen them. `make` makes the handler anew when it panics, or fails after it has changed what it
/// remembers.
///
/// # Errors
///
/// [`StoreError`]: nobody knows where it was, and it does not run.
///
/// # Panics
///
/// Where `make` does. Nobody waits for the handler then.
pub async fn start<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    context: &HandlerContext<E>,
    feed: &mut Feed<E>,
) -> Result<HandlerControl, StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    let (handler_feed, runner, check, unless_kept) = prepare(make, context).await?;
    let control = run(runner, check, &context.supervisor);
    feed.hand_over_to(handler_feed);
    unless_kept.keep();
    Ok(control)
}

/// The same, where the feed runs already. A handler that callers wait for has come to the end of the log when this
/// answers, unless that takes it longer than [`MAX_WAIT`], or it waits to try an event again.
///
/// # Errors
///
/// [`StoreError`]: nobody knows where it was, or everything has stopped, and it does not run.
///
/// # Panics
///
/// As [`start`] does.
pub async fn join<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    context: &HandlerContext<E>,
    feed: &FeedHandle<E>,
) -> Result<HandlerControl, StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    let (control, arriving) = begin_to_join(make, context, feed).await?;
    arriving.has_arrived().await;
    Ok(control)
}

/// The same in two steps: once it runs, it does so whether its caller waits until it has come to the end or not.
pub(super) async fn begin_to_join<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    context: &HandlerContext<E>,
    feed: &FeedHandle<E>,
) -> Result<(HandlerControl, Arriving), StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    let (handler_feed, runner, check, unless_kept) = prepare(make, context).await?;
    let inbox = handler_feed.inbox();
    feed.hand_over_to(handler_feed).await.ok_or(StoreError::Closed)?;
    let control = run(runner, check, &context.supervisor);
    let (checkpoints, checkpoint) = (context.checkpoints.clone(), unless_kept.keep());
    Ok((control, Arriving { checkpoints, checkpoint, end: H::AWAITED.then(|| inbox.end()) }))
}

/// A handler that runs, on its way to the end of the log.
pub(super) struct Arriving {
    checkpoints: Checkpoints,
    checkpoint: Slot,
    /// Nothing where nobody waits for it.
    end: Option<Position>,
}

impl Arriving {
    /// Waits until it is there, as [`join`] says.
    pub(super) async fn has_arrived(self) {
        if let Some(end) = self.end {
            self.checkpoints.wait_for(&self.checkpoint, end, MAX_WAIT).await;
        }
    }
}

/// A handler that is registered, and does not run yet.
async fn prepare<E, H>(
    make: impl Fn() -> H + Send + Sync + 'static,
    context: &HandlerContext<E>,
) -> Result<(HandlerFeed<E>, Runner<E, H>, Check, UnlessKept), StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    const { assert!(!is_reserved(H::NAME), "no handler's name begins with a colon: such names are kept for the engine") };
    let HandlerContext { store, checkpoints, lease, .. } = context;
    // Where it has come to is known once nobody else moves it on.
    let held = lease.hold();
    let progress = runner::progress::<E, H>(store).await?;
    let handler = make();
    let filter: Filter<E> = Arc::new(handler.filter());
    let awaited = H::AWAITED && held.is_some();
    let checkpoint = checkpoints.register_handler(H::NAME, H::KIND, awaited, progress.checkpoint);
    let unless_kept = checkpoints.unless_kept(checkpoint.clone());
    let handler_feed = HandlerFeed::new(filter.clone(), H::TRACE_TITLE, checkpoint.clone());
    if held.is_none() {
        handler_feed.inbox().close();
    }
    let make: Make<H> = Arc::new(make);
    let check = check::<E, H>(make.clone(), store.clone());
    let instance = Instance::new(make, filter, handler);
    let runner = Runner::new(instance, handler_feed.inbox(), checkpoint, context.clone(), progress, held);
    Ok((handler_feed, runner, check, unless_kept))
}

fn run<E, H>(runner: Runner<E, H>, check: Check, supervisor: &Supervisor) -> HandlerControl
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    let (requests, to_answer) = mpsc::channel(REQUESTS);
    supervisor.spawn(H::NAME, runner.run(to_answer));
    HandlerControl::new(H::NAME, requests, check)
}
