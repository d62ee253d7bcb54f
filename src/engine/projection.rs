//! Read models: event handlers that fold events into answers.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use super::checkpoints::{Checkpoint, Checkpoints};
use super::event::{DomainEvent, Position, RecordedEvent};
use super::store::{Committed, EventStore, MAX_READ, StoreError};
use super::subscription::Subscription;
use super::supervisor::{StopReason, Supervisor, panic_message};
use super::trace::trace_line;

/// How often a projection is started again at the same event before it stops everything.
pub const MAX_ATTEMPTS: u32 = 3;

/// A fold over all events. The default value is the read model of an empty store.
pub trait Projection<E>: Default + Send + Sync + 'static {
    /// The handler's name, as people see it.
    const NAME: &'static str;

    /// Takes an event in. Pure and total, as [`Aggregate::apply`](super::aggregate::Aggregate::apply) is: a
    /// read model can be thrown away and folded again from the log at any time.
    fn project(&mut self, event: &RecordedEvent<E>);

    /// What the trace calls this handler as it takes `event`; most projections stay silent.
    fn trace_title(event: &RecordedEvent<E>) -> Option<&'static str> {
        let _ = event;
        None
    }

    /// Says so, once an event was taken in live: trace lines and log messages belong here.
    fn announce(&self, event: &RecordedEvent<E>) {
        let _ = event;
    }
}

/// A projection as its readers see it. Cheap to clone.
pub struct ReadModel<P> {
    shared: Arc<RwLock<P>>,
}

impl<P> Clone for ReadModel<P> {
    fn clone(&self) -> Self {
        let shared = self.shared.clone();
        Self { shared }
    }
}

impl<P> fmt::Debug for ReadModel<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadModel").finish_non_exhaustive()
    }
}

impl<P: Default> Default for ReadModel<P> {
    fn default() -> Self {
        let shared = Arc::new(RwLock::new(P::default()));
        Self { shared }
    }
}

impl<P> ReadModel<P> {
    /// Asks the read model; updates wait meanwhile, so the question should be a quick one.
    pub fn read<R>(&self, ask: impl FnOnce(&P) -> R) -> R {
        ask(&self.shared.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts a projection's task at the beginning of the store.
pub fn start<E, P, S>(store: S, checkpoints: &Checkpoints, supervisor: &Supervisor) -> ReadModel<P>
where
    E: DomainEvent,
    P: Projection<E>,
    S: EventStore<E>,
{
    let model = ReadModel::<P>::default();
    let runner = Runner {
        subscription: Subscription::after(store.clone(), Position::START),
        store,
        checkpoint: checkpoints.register(P::NAME, Position::START),
        model: model.clone(),
    };
    supervisor.spawn(P::NAME, runner.run());
    model
}

struct Runner<E, P, S> {
    store: S,
    subscription: Subscription<E, S>,
    checkpoint: Checkpoint,
    model: ReadModel<P>,
}

/// A panic in the projection's own code.
struct Panic {
    /// The last event that was taken in whole.
    before: Position,
    message: String,
}

impl<E: DomainEvent, P: Projection<E>, S: EventStore<E>> Runner<E, P, S> {
    async fn run(mut self) -> Result<(), StopReason> {
        let mut done = Position::START;
        loop {
            let events = match self.subscription.next().await {
                Ok(events) => events,
                Err(StoreError::Closed) => return Ok(()),
            };
            let mut attempt = 0;
            while let Err(panic) = self.take(&events, done) {
                attempt = if panic.before == done { attempt + 1 } else { 1 };
                tracing::error!(
                    "projection {} panicked after position {} (attempt {attempt} of {MAX_ATTEMPTS}): {}",
                    P::NAME,
                    panic.before,
                    panic.message,
                );
                if attempt == MAX_ATTEMPTS {
                    let message = panic.message;
                    return Err(StopReason::Panicked { task: P::NAME, message });
                }
                done = panic.before;
                self.rebuild(done).await?;
            }
            done = self.subscription.position();
            self.checkpoint.advance(done);
        }
    }

    /// Takes in the events after `done`, all under one lock.
    fn take(&self, events: &Committed<E>, done: Position) -> Result<(), Panic> {
        let mut before = done;
        let model = &self.model;
        catch_unwind(AssertUnwindSafe(|| {
            let mut projection = model.shared.write().unwrap_or_else(PoisonError::into_inner);
            for event in events.iter().filter(|event| event.position > done) {
                if let Some(title) = P::trace_title(event) {
                    trace_line!(event.metadata.correlation_id, "Event Handler: {title}");
                }
                projection.project(event);
                projection.announce(event);
                before = event.position;
            }
        }))
        .map_err(|panic| Panic { before, message: panic_message(panic.as_ref()) })
    }

    /// Replaces the read model, which a panic may have left half changed, by a fold of the log up to `done`.
    async fn rebuild(&self, done: Position) -> Result<(), StopReason> {
        let gave_up = |message: String| StopReason::GaveUp { task: P::NAME, message };
        let mut fresh = P::default();
        let mut position = Position::START;
        while position < done {
            let events = self.store.read_all(position, MAX_READ).await.map_err(|error| gave_up(error.to_string()))?;
            let Some(last) = events.last() else {
                return Err(gave_up(format!("the log ends at position {position}, before {done}")));
            };
            position = last.position;
            catch_unwind(AssertUnwindSafe(|| {
                for event in events.iter().filter(|event| event.position <= done) {
                    fresh.project(event);
                }
            }))
            .map_err(|panic| StopReason::Panicked { task: P::NAME, message: panic_message(panic.as_ref()) })?;
        }
        *self.model.shared.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.model.shared.clear_poison();
        Ok(())
    }
}
