//! Read models: event handlers that fold events into answers.

mod host;
mod join;
mod read_model;
mod rebuild;
mod recover;
mod requests;
mod rows;
pub mod stored_row;
mod stored_rows;

use std::fmt;

use thiserror::Error;
use tokio::sync::oneshot;

use self::host::{Host, Hosted};
pub use self::join::JoinError;
pub use self::read_model::ReadModel;
use self::rebuild::Rebuild;
pub use self::rebuild::RebuildError;
use self::recover::take_again;
use self::rows::Request;
pub use self::rows::{HandlersHeld, ProjectionsControl};
pub use self::stored_rows::StoredRows;
use super::checkpoints::{Checkpoint, Checkpoints};
use super::event::{DomainEvent, Position, RecordedEvent};
use super::event_handler::Outlet;
use super::store::handler_records::{ProjectionRow, is_reserved};
use super::store::{EventStore, StoreError};
use super::subscription::Subscription;
use super::supervisor::{StopReason, Supervisor};

const TASK: &str = "projections";

/// How often a projection may fail at the same event before it stops everything.
pub const MAX_ATTEMPTS: u32 = 3;

/// A fold over all events. The default value is the read model of an empty store.
pub trait Projection<E>: Default + Send + Sync + 'static {
    /// The handler's name, as people see it. It does not begin with a colon, as that of no handler does.
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

/// Starts a task that feeds a single projection, from the rows that are stored of it or else from the beginning; see
/// [`Projections`] for more than one, and [`ProjectionsControl::add`] for one more.
///
/// # Errors
///
/// [`StoreError`] when the store could not be read.
pub async fn start<E, P, S>(
    store: S,
    checkpoints: &Checkpoints,
    supervisor: &Supervisor,
) -> Result<ReadModel<P>, StoreError>
where
    E: DomainEvent,
    P: Projection<E>,
    S: EventStore<E>,
{
    let mut projections = Projections::new(checkpoints.clone());
    let model = projections.add();
    projections.restore(&store).await?;
    let _ = projections.start(store, supervisor);
    Ok(model)
}

/// Projections that are fed by one task, each with a checkpoint of its own: events are handed over once, and
/// the projections take them in one after another.
pub struct Projections<E> {
    checkpoints: Checkpoints,
    hosted: Vec<Box<dyn Hosted<E>>>,
    acknowledged: Vec<Checkpoint>,
    outlets: Vec<Outlet<E>>,
    /// What came before is no news, and is not announced.
    live_after: Position,
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
            live_after: Position::START,
            kept: Position::START,
            rebuild: Rebuild::default(),
            held: None,
        }
    }

    /// Adds a projection that starts at the beginning of the store.
    pub fn add<P: Projection<E>>(&mut self) -> ReadModel<P> {
        const {
            assert!(
                !is_reserved(P::NAME),
                "no projection's name begins with a colon: such names are kept for the engine"
            )
        };
        let model = ReadModel::<P>::default();
        self.hosted.push(Box::new(Host::new(model.clone())));
        self.acknowledged.push(self.checkpoints.register(P::NAME, Position::START));
        model
    }

    /// Hands the events over to an event handler, after the projections have taken them in.
    pub(super) fn hand_over_to(&mut self, outlet: Outlet<E>) {
        self.outlets.push(outlet);
    }

    /// Starts the task, where the projections are: at the beginning, or after what [`Projections::restore`] has
    /// found. Without that, whatever is in the log is news to them.
    pub fn start<S: EventStore<E>>(mut self, store: S, supervisor: &Supervisor) -> ProjectionsControl<E> {
        if store.is_durable() {
            self.hosted.iter_mut().for_each(|host| host.follow_rows());
        }
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
            let announce_after = if self.held.is_none() { self.live_after } else { Position::new(u64::MAX) };
            for host in &mut self.hosted {
                if let Err(message) = host.take(&events, announce_after) {
                    self.rebuild.is_spoiled = true;
                    Box::pin(take_again(host.as_mut(), &events, announce_after, &store, message)).await?;
                }
            }
            // Handlers come first, so that their line of the trace comes before the reply.
            let outlets = if self.held.is_none() { &self.outlets[..] } else { &[] };
            let passed_over = outlets.iter().filter_map(|outlet| outlet.offer(&events));
            self.checkpoints.advance(self.acknowledged.iter().chain(passed_over), subscription.position());
            if store.is_durable() && self.is_time_to_keep(subscription.position()) {
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
