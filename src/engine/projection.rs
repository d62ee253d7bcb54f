//! Read models: event handlers that fold events into answers.

mod rebuild;
mod requests;
mod rows;
pub mod stored_row;
mod stored_rows;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use thiserror::Error;
use tokio::sync::oneshot;

use self::rebuild::Rebuild;
pub use self::rebuild::RebuildError;
pub use self::rows::{HandlersHeld, ProjectionsControl};
use self::rows::{Request, Rows};
pub use self::stored_rows::StoredRows;
use super::checkpoints::{Checkpoint, Checkpoints};
use super::event::{DomainEvent, Position, RecordedEvent};
use super::event_handler::Outlet;
use super::store::handler_records::{ProjectionRow, ProjectionUpdate, ProjectionWritten};
use super::store::{Committed, EventStore, MAX_READ, StoreError};
use super::subscription::Subscription;
use super::supervisor::{StopReason, Supervisor, panic_message};
use super::trace::trace_line;

const TASK: &str = "projections";

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

    /// The form of the rows that a store keeps of it when that outlives the process, so that the read model need not
    /// be folded from the whole log when it is opened again. Rows of another form are left alone. `None` for a read
    /// model that is always folded.
    const ROWS: Option<u16> = None;

    /// Names each row that an event has just changed.
    fn changed_rows(&self, event: &RecordedEvent<E>, name: &mut dyn FnMut(&str)) {
        let _ = (event, name);
    }

    /// Names each row there is.
    fn all_rows(&self, name: &mut dyn FnMut(&str)) {
        let _ = name;
    }

    /// A row as JSON; `None` if there is none of this name.
    fn row(&self, name: &str) -> Option<Box<str>> {
        let _ = name;
        None
    }

    /// Takes a row back. They come in the order of their names.
    ///
    /// # Errors
    ///
    /// What is wrong with the row: then all are left alone, and the read model is folded from the log.
    fn restore_row(&mut self, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let _ = row;
        Ok(())
    }

    /// Says so, once an event was taken in live: trace lines and log messages belong here.
    fn announce(&self, event: &RecordedEvent<E>) {
        let _ = event;
    }
}

/// A row that is not one of this projection.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the stored row {name:?} cannot be read: {reason}")]
pub struct UnreadableRow {
    /// The row's name.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl UnreadableRow {
    /// Says what is wrong with a row.
    pub fn new(row: &ProjectionRow, reason: impl fmt::Display) -> Self {
        Self { name: row.key.to_string(), reason: reason.to_string() }
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
    let _ = projections.start(store, supervisor);
    model
}

/// Projections that are fed by one task, each with a checkpoint of its own: events are handed over once, and
/// the projections take them in one after another.
pub struct Projections<E> {
    checkpoints: Checkpoints,
    hosted: Vec<Box<dyn Hosted<E>>>,
    acknowledged: Vec<Checkpoint>,
    outlets: Vec<Outlet<E>>,
    /// Up to where the rows were written.
    kept: Position,
    rebuild: Rebuild,
    /// Event handlers see nothing until this is heard.
    held: Option<oneshot::Receiver<()>>,
}

impl<E> fmt::Debug for Projections<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projections").field("acknowledged", &self.acknowledged).finish_non_exhaustive()
    }
}

impl<E: DomainEvent> Projections<E> {
    /// No projection yet.
    pub fn new(checkpoints: Checkpoints) -> Self {
        Self {
            checkpoints,
            hosted: Vec::new(),
            acknowledged: Vec::new(),
            outlets: Vec::new(),
            kept: Position::START,
            rebuild: Rebuild::default(),
            held: None,
        }
    }

    /// Adds a projection that starts at the beginning of the store.
    pub fn add<P: Projection<E>>(&mut self) -> ReadModel<P> {
        let model = ReadModel::<P>::default();
        let host = Host { model: model.clone(), fresh: P::default(), done: Position::START, rows: Rows::default() };
        self.hosted.push(Box::new(host));
        self.acknowledged.push(self.checkpoints.register(P::NAME, Position::START));
        model
    }

    /// Hands the events over to an event handler, after the projections have taken them in.
    pub(super) fn hand_over_to(&mut self, outlet: Outlet<E>) {
        self.outlets.push(outlet);
    }

    /// Starts the task, where the projections are: at the beginning, or after what [`Projections::restore`] has
    /// found.
    pub fn start<S: EventStore<E>>(self, store: S, supervisor: &Supervisor) -> ProjectionsControl<E> {
        let from = self.hosted.iter().map(|host| host.done()).min().unwrap_or_default();
        let subscription = Subscription::after(store.clone(), from);
        let (sender, requests) = requests::channel();
        supervisor.spawn(TASK, self.run(store, subscription, requests));
        ProjectionsControl { requests: sender }
    }

    async fn run<S: EventStore<E>>(
        mut self,
        store: S,
        mut subscription: Subscription<E, S>,
        mut requests: requests::Receiver<Request<E>>,
    ) -> Result<(), StopReason> {
        self.open_outlets(subscription.position());
        loop {
            let next = tokio::select! {
                biased;
                page = self.rebuild.next_page(&store), if self.rebuild.is_under_way() => {
                    self.go_on_rebuilding(page);
                    continue;
                }
                () = released(&mut self.held), if self.held.is_some() => {
                    self.held = None;
                    self.open_outlets(subscription.position());
                    continue;
                }
                next = subscription.next() => next,
                request = requests.recv() => {
                    self.answer(request, subscription.position(), &store).await?;
                    continue;
                }
            };
            let events = match next {
                Ok(events) => events,
                Err(StoreError::Closed) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let announce = self.held.is_none();
            for host in &mut self.hosted {
                if let Err(message) = host.take(&events, announce) {
                    self.rebuild.is_spoiled = true;
                    Box::pin(take_again(host.as_mut(), &events, announce, &store, message)).await?;
                }
            }
            // Handlers come first, so that their line of the trace comes before the reply.
            let outlets = if self.held.is_none() { &self.outlets[..] } else { &[] };
            let passed_over = outlets.iter().filter_map(|outlet| outlet.offer(&events));
            self.checkpoints.advance(self.acknowledged.iter().chain(passed_over), subscription.position());
            if S::DURABLE && self.is_time_to_keep(subscription.position()) {
                self.keep_rows(&store).await?;
            }
        }
    }

    fn open_outlets(&self, end: Position) {
        self.outlets.iter().for_each(|outlet| outlet.open_to(end));
    }
}

/// Waits until the event handlers are held no longer.
async fn released(held: &mut Option<oneshot::Receiver<()>>) {
    if let Some(held) = held {
        // An error says that the one who held them is gone, which is how this ends.
        let _ = held.await;
    }
}

/// Lets a projection that has panicked take in events once more, starting again from the log; but not for ever.
async fn take_again<E, S>(
    host: &mut dyn Hosted<E>,
    events: &Committed<E>,
    announce: bool,
    store: &S,
    mut message: String,
) -> Result<(), StopReason>
where
    E: DomainEvent,
    S: EventStore<E>,
{
    let mut attempt = 0;
    let mut last_failed_after = None;
    loop {
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
        match host.take(events, announce) {
            Ok(()) => return Ok(()),
            Err(again) => message = again,
        }
    }
}

/// Replaces a read model, which a panic may have left half changed, by a fold of the log.
async fn rebuild<E, S>(host: &mut dyn Hosted<E>, store: &S) -> Result<(), StopReason>
where
    E: DomainEvent,
    S: EventStore<E>,
{
    let (task, done) = (host.name(), host.done());
    host.begin_anew();
    let mut position = Position::START;
    while position < done {
        let events = store.read_all(position, MAX_READ).await?;
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

    /// Takes in the events after [`Hosted::done`], all under one lock, and says so if they are to be announced.
    fn take(&mut self, events: &[RecordedEvent<E>], announce: bool) -> Result<(), String>;

    /// Folds events up to [`Hosted::done`] into a new read model that nobody sees yet, in order from the first.
    fn replay(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String>;

    /// Shows the new read model.
    fn replace(&mut self);

    /// The name its rows are stored under, if it has any.
    fn rows_name(&self) -> Option<String>;

    /// Takes stored rows back into the new read model that nobody sees yet.
    fn restore(&mut self, rows: &[ProjectionRow]) -> Result<(), UnreadableRow>;

    /// Shows the restored read model, which is at `checkpoint`; with `None`, forgets what was restored.
    fn restored(&mut self, checkpoint: Option<Position>);

    /// From now on, keeps in mind which rows change.
    fn follow_rows(&mut self);

    /// What is to be stored: the rows that have changed since the last time, or all of them.
    fn update(&mut self) -> Option<ProjectionUpdate>;

    /// What became of that.
    fn updated(&mut self, written: ProjectionWritten, checkpoint: Position);

    /// Stores all rows the next time.
    fn forget_stored(&mut self);

    /// Begins a new read model that nobody sees yet.
    fn begin_anew(&mut self);
}

struct Host<P> {
    model: ReadModel<P>,
    /// A read model that is being rebuilt.
    fresh: P,
    done: Position,
    rows: Rows,
}

impl<E, P: Projection<E>> Hosted<E> for Host<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn done(&self) -> Position {
        self.done
    }

    fn take(&mut self, events: &[RecordedEvent<E>], announce: bool) -> Result<(), String> {
        let Self { model, done, rows, .. } = self;
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
                if announce && let Some(title) = P::trace_title(event) {
                    trace_line!(event.metadata.correlation_id, "Event Handler: {title}");
                }
                projection.project(event);
                if announce {
                    projection.announce(event);
                }
                if rows.followed {
                    projection.changed_rows(event, &mut |name| rows.change(name));
                }
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

    fn rows_name(&self) -> Option<String> {
        rows_name::<E, P>()
    }

    fn restore(&mut self, rows: &[ProjectionRow]) -> Result<(), UnreadableRow> {
        rows.iter().try_for_each(|row| self.fresh.restore_row(row))
    }

    fn restored(&mut self, checkpoint: Option<Position>) {
        match checkpoint {
            Some(checkpoint) => {
                Hosted::<E>::replace(self);
                self.done = checkpoint;
                self.rows.stored = Some(checkpoint);
            }
            None => self.fresh = P::default(),
        }
    }

    fn follow_rows(&mut self) {
        self.rows.followed = P::ROWS.is_some();
    }

    fn update(&mut self) -> Option<ProjectionUpdate> {
        let projection = Hosted::<E>::rows_name(self)?;
        let Self { model, done, rows, .. } = self;
        model.read(|model| rows.update(projection, *done, |name| model.all_rows(name), |name| model.row(name)))
    }

    fn updated(&mut self, written: ProjectionWritten, checkpoint: Position) {
        self.rows.updated(written, checkpoint);
    }

    fn forget_stored(&mut self) {
        self.rows.stored = None;
    }

    fn begin_anew(&mut self) {
        self.fresh = P::default();
    }
}

/// The name that a projection's rows are stored under, if it has any.
fn rows_name<E, P: Projection<E>>() -> Option<String> {
    P::ROWS.map(|form| format!("{} {form}", P::NAME))
}

fn catch_panic(run: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_message(panic.as_ref()))
}
