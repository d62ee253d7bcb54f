//! Event handlers: each gets every event it wants at least once, in order, and acknowledges it.
//!
//! Until it does, the event comes again: after a delay, after a panic, after a restart. What a failing handler
//! wants is said by the [`Failure`] it returns. The events themselves come from the store; one task, the one that
//! feeds the projections, tells each handler how far it may read, and passes it over events it does not want.

mod gate;
mod instance;
mod parked;
mod retry;
mod runner;

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;

pub(super) use self::gate::Outlet;
use self::instance::{Instance, Make};
pub use self::parked::{HandlerControl, ParkedError};
use self::parked::{REQUESTS, check};
pub use self::retry::RetryPolicy;
use self::runner::Runner;
use super::checkpoints::{Checkpoints, Kind};
use super::clock::Clock;
use super::event::{DomainEvent, Position, RecordedEvent};
use super::lease::Lease;
use super::projection::{Projections, ProjectionsControl};
use super::store::handler_records::{Progress, is_reserved};
use super::store::{EventStore, StoreError};
use super::supervisor::Supervisor;

/// What does something about events.
pub trait EventHandler<E>: Send + Sync + Sized + 'static {
    /// The handler's name, as people see it and under which its progress is stored. It never changes.
    ///
    /// Names that begin with a colon are kept for the engine, and a program that starts a handler with such a name does
    /// not compile:
    ///
    /// ```compile_fail,E0080
    /// use cqrs_bank::bank::{AccountEvent, Bank};
    /// use cqrs_bank::engine::event::RecordedEvent;
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
    const KIND: Kind = Kind::EventHandler;

    /// Whether strong consistency waits for it. For one with effects outside, such as mail, nobody should.
    const AWAITED: bool = false;

    /// Where it starts in a store that it has not seen yet.
    const STARTS: Starts = Starts::AtTheEnd;

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
    fn set_aside(&mut self, event: &RecordedEvent<E>) -> impl Future<Output = Result<(), Failure>> + Send {
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
pub enum Starts {
    /// With the first event there is.
    AtTheBeginning,
    /// With what happens from now on.
    AtTheEnd,
}

/// Why a handler could not do with an event.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct Failure {
    /// What went wrong, for people.
    pub reason: String,
    /// What is to become of the event.
    pub wish: Wish,
}

/// What a handler that failed wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
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
        Self { reason: reason.into(), wish: Wish::Retry }
    }

    /// The same failure with another wish.
    #[must_use]
    pub fn wishing(self, wish: Wish) -> Self {
        Self { wish, ..self }
    }
}

/// What the handlers of one store have in common.
#[derive(Clone, Debug)]
pub struct Surroundings<S> {
    /// The store.
    pub store: S,
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

/// Starts a handler's task. What happens from here on reaches it. It gets its events by way of `projections`, after these have seen them. `make` makes
/// the handler anew when it panics, or fails after it has changed what it remembers.
///
/// # Errors
///
/// [`StoreError`]: nobody knows where it was, and it does not run.
pub async fn start<E, H, S>(
    make: impl Fn() -> H + Send + Sync + 'static,
    surroundings: &Surroundings<S>,
    projections: &mut Projections<E>,
) -> Result<HandlerControl, StoreError>
where
    E: DomainEvent,
    H: EventHandler<E>,
    S: EventStore<E>,
{
    let (outlet, control) = spawn(make, surroundings).await?;
    projections.hand_over_to(outlet);
    Ok(control)
}

/// The same, where the projections run already.
///
/// # Errors
///
/// [`StoreError`]: nobody knows where it was, or everything has stopped, and it does not run.
pub async fn join<E, H, S>(
    make: impl Fn() -> H + Send + Sync + 'static,
    surroundings: &Surroundings<S>,
    projections: &ProjectionsControl<E>,
) -> Result<HandlerControl, StoreError>
where
    E: DomainEvent,
    H: EventHandler<E>,
    S: EventStore<E>,
{
    let (outlet, control) = spawn(make, surroundings).await?;
    projections.hand_over_to(outlet).await.ok_or(StoreError::Closed)?;
    Ok(control)
}

async fn spawn<E, H, S>(
    make: impl Fn() -> H + Send + Sync + 'static,
    surroundings: &Surroundings<S>,
) -> Result<(Outlet<E>, HandlerControl), StoreError>
where
    E: DomainEvent,
    H: EventHandler<E>,
    S: EventStore<E>,
{
    const { assert!(!is_reserved(H::NAME), "no handler's name begins with a colon: such names are kept for the engine") };
    let Surroundings { store, checkpoints, lease, supervisor, .. } = surroundings;
    // Where it has come to is known once nobody else moves it on.
    let held = lease.hold();
    let progress = runner::progress::<E, H, S>(store).await?;
    let handler = make();
    let filter: gate::Filter<E> = Arc::new(handler.filter());
    let awaited = H::AWAITED && held.is_some();
    let checkpoint = checkpoints.register_handler(H::NAME, H::KIND, awaited, progress.checkpoint);
    let outlet = Outlet::new(filter.clone(), H::TRACE_TITLE, checkpoint.clone());
    if held.is_none() {
        outlet.gate().close();
    }
    let (requests, to_answer) = mpsc::channel(REQUESTS);
    let make: Make<H> = Arc::new(make);
    let control = HandlerControl::new(H::NAME, requests, check::<E, H, S>(make.clone(), store.clone()));
    let instance = Instance::new(make, filter, handler);
    let runner = Runner::new(instance, outlet.gate(), checkpoint, surroundings.clone(), progress, held);
    supervisor.spawn(H::NAME, runner.run(to_answer));
    Ok((outlet, control))
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Projection => "projection",
            Self::EventHandler => "event handler",
            Self::ProcessManager => "process manager",
        })
    }
}
