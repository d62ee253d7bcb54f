//! The one task that hands committed events to the projections and then to the event handlers, in order, and tracks who has
//! seen what.
//!
//! Events are read once. The projections apply them one after another, observers hear of them, and then each event
//! handler's inbox is offered them. A caller that wants to read its own write waits for [`checkpoints`], and one that wants
//! to read the writes of others for [`catch_up`].

mod add_projection;
pub mod catch_up;
pub mod checkpoints;
mod conversations;
mod handle;
mod held;
pub(super) mod inbox;
mod projections;
mod rebuild;
mod recover;
mod requests;
mod row_storage;
mod single;
mod waiting;

use std::fmt;

use tokio::sync::{mpsc, oneshot};

pub use self::add_projection::JoinError;
use self::checkpoints::Checkpoints;
use self::handle::FeedRequest;
pub use self::handle::{FeedHandle, HandlersHeld, RemoveError};
pub(super) use self::held::ProjectionRequest;
use self::inbox::HandlerFeed;
use self::projections::Members;
use self::rebuild::Rebuild;
pub use self::rebuild::RebuildError;
pub use self::recover::MAX_ATTEMPTS;
use self::requests::Requests;
use self::row_storage::Kept;
pub use self::single::start;
use super::projection::{Projection, ReadModel, TypedHost};
use super::store::handler_records::is_reserved;
use super::store::{EventStore, StoreError};
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::trace::Conversations;
use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::subscription::Subscription;

const TASK: &str = "feed";

/// The most requests that wait while the feed is busy.
const REQUESTS: usize = 16;

/// Hears of each new event once the projections know it.
pub(in crate::engine) type Observer<E> = Box<dyn Fn(&RecordedEvent<E>) + Send + Sync>;

/// The feed before it starts, and then its task.
pub struct Feed<E> {
    checkpoints: Checkpoints,
    members: Members<E>,
    observers: Vec<Observer<E>>,
    handlers: Vec<HandlerFeed<E>>,
    /// Observers hear only of events after this position.
    live_after: Position,
    kept: Kept,
    rebuild: Rebuild<E>,
    /// Event handlers get no events until this completes.
    held: Option<oneshot::Receiver<()>>,
    /// Whether no event is read before somebody asks.
    waits_to_be_asked: bool,
    /// While a projection is held: the last event that observers know.
    observed: Option<Position>,
    /// Whether the store belongs to another supervisor, so that this one does not learn by itself that it has closed.
    is_store_borrowed: bool,
}

impl<E> fmt::Debug for Feed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("checkpoints", &self.checkpoints).finish_non_exhaustive()
    }
}

impl<E: DomainEvent> Feed<E> {
    /// A feed without projections and handlers.
    pub fn new(checkpoints: Checkpoints) -> Self {
        Self {
            members: Members::new(checkpoints.clone()),
            checkpoints,
            observers: Vec::new(),
            handlers: Vec::new(),
            live_after: Position::START,
            kept: Kept::default(),
            rebuild: Rebuild::default(),
            held: None,
            waits_to_be_asked: false,
            observed: None,
            is_store_borrowed: false,
        }
    }

    /// Stops everything that this feed serves when the store, which belongs to others, closes.
    pub(in crate::engine) fn end_with_store(&mut self) {
        self.is_store_borrowed = true;
    }

    /// Restores no projection and reads no event before somebody [asks](Checkpoints::ask). Observers hear only of events
    /// after `end`.
    pub(in crate::engine) fn wait_to_be_asked(&mut self, end: Position) {
        self.checkpoints.wait_to_be_asked();
        (self.waits_to_be_asked, self.live_after) = (true, end);
    }

    /// Adds a projection that starts at the beginning of the log.
    ///
    /// If it panics at the same event [`MAX_ATTEMPTS`] times, everything stops.
    pub fn add<P: Projection<E>>(&mut self) -> ReadModel<P> {
        const { assert!(!is_reserved(P::NAME), "projection names that begin with a colon are reserved for the engine") };
        let model = ReadModel::<P>::default();
        self.members.join(Box::new(TypedHost::new(model.clone())));
        model
    }

    /// Calls an observer with each new event, after the projections have seen it and before an event handler gets it. Trace
    /// lines and log messages belong there.
    pub fn observe(&mut self, observer: impl Fn(&RecordedEvent<E>) + Send + Sync + 'static) {
        self.observers.push(Box::new(observer));
    }

    /// Hands events to an event handler, after the projections have seen them.
    pub(super) fn hand_over_to(&mut self, handler_feed: HandlerFeed<E>) {
        self.handlers.push(handler_feed);
    }

    /// Restores the projections from their stored rows. A projection whose rows are missing, of another version, or
    /// unreadable starts at the beginning of the log.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the end of the log could not be read, or the store is closed.
    pub async fn restore<S: EventStore<E>>(&mut self, store: &S) -> Result<(), StoreError> {
        self.live_after = store.end().await?;
        self.restore_rows(store).await
    }

    async fn restore_rows<S: EventStore<E>>(&mut self, store: &S) -> Result<(), StoreError> {
        for host in self.members.hosts() {
            row_storage::restore(host, store).await?;
        }
        self.members.acknowledge_what_is_done();
        Ok(())
    }

    /// Starts the task where the projections are: at the beginning of the log, or after what [`Feed::restore`] has found.
    ///
    /// # Panics
    ///
    /// If neither the caller nor the supervisor is on a tokio runtime.
    pub fn start<S: EventStore<E>>(self, store: S, supervisor: &Supervisor) -> FeedHandle<E> {
        let (sender, requests) = mpsc::channel(REQUESTS);
        if self.waits_to_be_asked {
            supervisor.spawn(TASK, self.run_when_asked(store, requests));
        } else {
            let subscription = self.subscription(&store);
            supervisor.spawn(TASK, self.run(store, subscription, Requests::new(requests)));
        }
        FeedHandle::new(sender)
    }

    fn subscription<S: EventStore<E>>(&self, store: &S) -> Subscription<E, S> {
        let from = self.members.all_done().unwrap_or(self.live_after);
        Subscription::after(store.clone(), from)
    }

    async fn run_when_asked<S: EventStore<E>>(
        mut self,
        store: S,
        mut requests: mpsc::Receiver<FeedRequest<E>>,
    ) -> Result<(), StopReason> {
        let checkpoints = self.checkpoints.clone();
        let request = tokio::select! {
            () = checkpoints.until_asked() => None,
            request = requests.recv() => request,
        };
        checkpoints.ask();
        match self.restore_rows(&store).await {
            Err(StoreError::Closed) if !self.is_store_borrowed => return Ok(()),
            restored => restored?,
        }
        let subscription = self.subscription(&store);
        if let Some(request) = request {
            Box::pin(self.answer(request, subscription.position(), &store)).await?;
        }
        self.run(store, subscription, Requests::new(requests)).await
    }

    async fn run<S: EventStore<E>>(
        mut self,
        store: S,
        mut subscription: Subscription<E, S>,
        mut requests: Requests<E>,
    ) -> Result<(), StopReason> {
        self.members.run();
        self.open_handlers(subscription.position());
        // Reused from event to event.
        let mut unwanted: Vec<usize> = Vec::new();
        loop {
            let next = tokio::select! {
                biased;
                page = self.rebuild.next_page(&store), if self.rebuild.is_under_way() => {
                    self.rebuild.go_on(page, &mut self.members);
                    continue;
                }
                () = released(&mut self.held), if self.held.is_some() => {
                    self.held = None;
                    self.open_handlers(subscription.position());
                    continue;
                }
                next = subscription.next() => next,
                request = requests.next() => {
                    Box::pin(self.answer(request, subscription.position(), &store)).await?;
                    continue;
                }
            };
            let events = match next {
                Ok(events) => events,
                // The store's own tasks give the reason to this supervisor.
                Err(StoreError::Closed) if !self.is_store_borrowed => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            self.rebuild.is_spoiled |= self.members.take(&events, &store).await?;
            // Observers and handlers come first, so that their lines of the trace come before the reply.
            match &mut self.observed {
                None if self.held.is_none() => self.tell_observers(&events),
                // Observers never hear of these.
                Some(observed) if self.held.is_some() => *observed = subscription.position(),
                None | Some(_) => {}
            }
            // Before the checkpoints are locked: this asks the handlers' filters, and writes lines of the trace.
            for (number, handler_feed) in self.handlers_to_offer() {
                match handler_feed.first_wanted(&events) {
                    None => unwanted.push(number),
                    wanted => handler_feed.offer(&events, wanted),
                }
            }
            let slot_of = |number: usize| self.handlers[number].slot();
            self.checkpoints.advance_over(self.members.acknowledged(), &mut unwanted, slot_of, subscription.position());
            unwanted.drain(..).for_each(|number| self.handlers[number].offer(&events, None));
            if let Some(last) = events.last() {
                let (position, correlation_ids) = (last.position.get(), Conversations(&events));
                tracing::debug!(position, %correlation_ids, "checkpoint of the projections");
            }
            if store.is_durable() && self.kept.is_due_at(subscription.position(), subscription.is_behind()) {
                Box::pin(self.kept.write(&mut self.members, &store)).await?;
            }
        }
    }

    /// Those that are not held back, with their numbers.
    fn handlers_to_offer(&self) -> impl Iterator<Item = (usize, &HandlerFeed<E>)> {
        let handlers = if self.held.is_none() { &self.handlers[..] } else { &[] };
        handlers.iter().enumerate().filter(|(_, handler_feed)| !handler_feed.is_held_back())
    }

    fn open_handlers(&self, end: Position) {
        self.handlers_to_offer().for_each(|(_, handler_feed)| handler_feed.open_to(end));
    }

    fn tell_observers(&self, events: &[RecordedEvent<E>]) {
        for observer in &self.observers {
            events.iter().filter(|event| event.position > self.live_after).for_each(observer);
        }
    }

    /// Answers a request. The projections have seen `position`.
    async fn answer<S: EventStore<E>>(
        &mut self,
        request: FeedRequest<E>,
        position: Position,
        store: &S,
    ) -> Result<(), StopReason> {
        // A caller that is gone needs no reply.
        match request {
            FeedRequest::Keep { reply } => {
                self.keep_rows(store).await?;
                let _ = reply.send(());
            }
            FeedRequest::Rebuild(caller) => self.rebuild.ask(caller, &mut self.members),
            FeedRequest::Hold { released, reply } => {
                self.held = Some(released);
                let _ = reply.send(());
            }
            // Without its caller, a projection has no reader, and a handler does not run.
            FeedRequest::Join { reply, .. } if reply.is_closed() => {}
            FeedRequest::HandOver { reply, .. } if reply.is_closed() => {}
            FeedRequest::Join { mut host, reply } => {
                let joined = add_projection::take_in(host.as_mut(), store, position).await;
                if joined.is_ok() {
                    self.members.join(host);
                    // A rebuild under way begins again, with the new projection.
                    self.rebuild.is_spoiled = true;
                }
                let _ = reply.send(joined);
            }
            FeedRequest::Remove { name, reply } => {
                let removed = if self.members.is_added(&name) {
                    self.keep_rows(store).await?;
                    self.members.remove(&name);
                    self.go_on_after_hold(position, store).await?;
                    Ok(())
                } else {
                    Err(RemoveError::NotAdded { name })
                };
                let _ = reply.send(removed);
            }
            FeedRequest::OfProjection { name, request } => self.answer_about(&name, request, position, store).await?,
            FeedRequest::HandOver { handler_feed, reply } => {
                if self.held.is_none() {
                    handler_feed.open_to(position);
                }
                self.handlers.retain(|handler_feed| !handler_feed.is_abandoned());
                self.hand_over_to(handler_feed);
                let _ = reply.send(());
            }
        }
        Ok(())
    }

    async fn keep_rows<S: EventStore<E>>(&mut self, store: &S) -> Result<(), StopReason> {
        if store.is_durable() {
            let kept = self.kept.write(&mut self.members, store).await;
            kept.inspect_err(|reason| {
                tracing::warn!("rows of projections could not be stored; they will be folded again: {reason}")
            })?;
        }
        Ok(())
    }
}

/// Waits until the event handlers are no longer held.
async fn released(held: &mut Option<oneshot::Receiver<()>>) {
    if let Some(held) = held {
        // The sender is only ever dropped.
        let _ = held.await;
    }
}
