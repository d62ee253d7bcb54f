//! Read models: event handlers that fold events into answers.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use super::checkpoints::{Checkpoint, Checkpoints};
use super::event::{DomainEvent, Position, RecordedEvent};
use super::event_handler::Outlet;
use super::store::{Committed, EventStore, MAX_READ, StoreError};
use super::subscription::Subscription;
use super::supervisor::{StopReason, Supervisor, panic_message};
use super::trace::trace_line;

/// How often a projection may fail at the same event before it stops everything.
pub const MAX_ATTEMPTS: u32 = 3;

/// A fold over all events. The default value is the read model of an empty store.
pub trait Projection<E>: Default + Send + Sync + 'static {
    /// The handler's name, as people see it.
    const NAME: &'static str;

    /// Takes an event in. Pure and total, as [`Aggregate::apply`](super::aggregate::Aggregate::apply) is: a
    /// read model can be thrown away and folded again from the log at any time.
    fn project(&mut self, event: &RecordedEvent<E>);

    /// Whether an event changes anything here. One that does not is passed over without a lock.
    fn concerns(event: &RecordedEvent<E>) -> bool {
        let _ = event;
        true
    }

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

/// Starts a task that feeds a single projection; see [`Projections`] for more than one.
pub fn start<E, P, S>(store: S, checkpoints: &Checkpoints, supervisor: &Supervisor) -> ReadModel<P>
where
    E: DomainEvent,
    P: Projection<E>,
    S: EventStore<E>,
{
    let mut projections = Projections::new(checkpoints.clone());
    let model = projections.add();
    projections.start(store, supervisor);
    model
}

/// Projections that are fed by one task, each with a checkpoint of its own: events are handed over once, and
/// the projections take them in one after another.
pub struct Projections<E> {
    checkpoints: Checkpoints,
    hosted: Vec<Box<dyn Hosted<E>>>,
    acknowledged: Vec<Checkpoint>,
    outlets: Vec<Outlet<E>>,
}

impl<E> fmt::Debug for Projections<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projections").field("acknowledged", &self.acknowledged).finish_non_exhaustive()
    }
}

impl<E: DomainEvent> Projections<E> {
    /// No projection yet.
    pub fn new(checkpoints: Checkpoints) -> Self {
        Self { checkpoints, hosted: Vec::new(), acknowledged: Vec::new(), outlets: Vec::new() }
    }

    /// Adds a projection that starts at the beginning of the store.
    pub fn add<P: Projection<E>>(&mut self) -> ReadModel<P> {
        let model = ReadModel::<P>::default();
        let host = Host { model: model.clone(), fresh: P::default(), done: Position::START };
        self.hosted.push(Box::new(host));
        self.acknowledged.push(self.checkpoints.register(P::NAME, Position::START));
        model
    }

    /// Hands the events over to an event handler, after the projections have taken them in.
    pub(super) fn hand_over_to(&mut self, outlet: Outlet<E>) {
        self.outlets.push(outlet);
    }

    /// Starts the task.
    pub fn start<S: EventStore<E>>(self, store: S, supervisor: &Supervisor) {
        let subscription = Subscription::after(store.clone(), Position::START);
        supervisor.spawn("projections", self.run(store, subscription));
    }

    async fn run<S: EventStore<E>>(mut self, store: S, mut subscription: Subscription<E, S>) -> Result<(), StopReason> {
        for outlet in &self.outlets {
            outlet.open_to(subscription.position());
        }
        loop {
            let events = match subscription.next().await {
                Ok(events) => events,
                Err(StoreError::Closed) => return Ok(()),
                Err(error) => return Err(StopReason::GaveUp { task: "projections", message: error.to_string() }),
            };
            for host in &mut self.hosted {
                take(host.as_mut(), &events, &store).await?;
            }
            // Handlers come first, so that their line of the trace comes before the reply.
            let passed_over = self.outlets.iter().filter_map(|outlet| outlet.offer(&events));
            self.checkpoints.advance(self.acknowledged.iter().chain(passed_over), subscription.position());
        }
    }
}

/// Lets a projection take in events; one that panics starts again from the log, but not for ever.
async fn take<E, S>(host: &mut dyn Hosted<E>, events: &Committed<E>, store: &S) -> Result<(), StopReason>
where
    E: DomainEvent,
    S: EventStore<E>,
{
    let mut attempt = 0;
    let mut last_failed_after = None;
    while let Err(message) = host.take(events) {
        let (name, done) = (host.name(), host.done());
        attempt = if last_failed_after == Some(done) { attempt + 1 } else { 1 };
        last_failed_after = Some(done);
        tracing::error!(
            "projection {name} panicked after position {done} (attempt {attempt} of {MAX_ATTEMPTS}): {message}",
        );
        if attempt == MAX_ATTEMPTS {
            return Err(StopReason::Panicked { task: name, message });
        }
        rebuild(host, store).await?;
    }
    Ok(())
}

/// Replaces a read model, which a panic may have left half changed, by a fold of the log.
async fn rebuild<E, S>(host: &mut dyn Hosted<E>, store: &S) -> Result<(), StopReason>
where
    E: DomainEvent,
    S: EventStore<E>,
{
    let (task, done) = (host.name(), host.done());
    let mut position = Position::START;
    while position < done {
        let read = store.read_all(position, MAX_READ).await;
        let events = read.map_err(|error| StopReason::GaveUp { task, message: error.to_string() })?;
        let Some(last) = events.last() else {
            let message = format!("the log ends at position {position}, before {done}");
            return Err(StopReason::GaveUp { task, message });
        };
        position = last.position;
        host.replay(&events).map_err(|message| StopReason::Panicked { task, message })?;
    }
    host.replace();
    Ok(())
}

/// A projection of any type, as the task sees it. What panics is answered with what the panic said.
trait Hosted<E>: Send {
    fn name(&self) -> &'static str;

    /// The last event that was taken in whole.
    fn done(&self) -> Position;

    /// Takes in the events after [`Hosted::done`], all under one lock.
    fn take(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String>;

    /// Folds events up to [`Hosted::done`] into a new read model that nobody sees yet.
    fn replay(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String>;

    /// Shows the new read model.
    fn replace(&mut self);
}

struct Host<P> {
    model: ReadModel<P>,
    /// A read model that is being rebuilt.
    fresh: P,
    done: Position,
}

impl<E, P: Projection<E>> Hosted<E> for Host<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn done(&self) -> Position {
        self.done
    }

    fn take(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String> {
        let Self { model, done, .. } = self;
        if let Some(last) = events.last()
            && !events.iter().any(P::concerns)
        {
            *done = last.position.max(*done);
            return Ok(());
        }
        catch_panic(|| {
            let mut projection = model.shared.write().unwrap_or_else(PoisonError::into_inner);
            for event in events {
                if event.position <= *done {
                    continue;
                }
                if let Some(title) = P::trace_title(event) {
                    trace_line!(event.metadata.correlation_id, "Event Handler: {title}");
                }
                projection.project(event);
                projection.announce(event);
                *done = event.position;
            }
        })
    }

    fn replay(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String> {
        let Self { fresh, done, .. } = self;
        catch_panic(|| {
            for event in events.iter().take_while(|event| event.position <= *done) {
                fresh.project(event);
            }
        })
    }

    fn replace(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        *self.model.shared.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.model.shared.clear_poison();
    }
}

fn catch_panic(run: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_message(panic.as_ref()))
}
