//! The one task that hands committed events to the projections and then to the event handlers, in order, and knows who
//! has seen what.
//!
//! Events are read once. The projections take them in one after another, whoever observes the feed hears of them, and
//! then each event handler's inbox gets what it wants. [`checkpoints`] tell a caller that wants to read its own write
//! when that has happened, and [`catch_up`] one that wants to read what others have written.

pub mod catch_up;
pub mod checkpoints;
mod conversations;
mod handle;
pub(super) mod inbox;
mod join;
mod keep;
mod members;
mod rebuild;
mod recover;
mod requests;
mod waiting;

use std::fmt;

use tokio::sync::oneshot;

use self::checkpoints::Checkpoints;
use self::handle::FeedRequest;
pub use self::handle::{FeedHandle, HandlersHeld, RemoveError};
use self::inbox::HandlerFeed;
pub use self::join::JoinError;
use self::keep::Kept;
use self::members::Members;
use self::rebuild::Rebuild;
pub use self::rebuild::RebuildError;
pub use self::recover::MAX_ATTEMPTS;
use super::projection::{Host, Projection, ReadModel};
use super::store::handler_records::is_reserved;
use super::store::{EventStore, StoreError};
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::subscription::Subscription;

const TASK: &str = "feed";

/// Starts a feed of a single projection, from the rows that are stored of it or else from the beginning; see [`Feed`]
/// for more than one, and [`FeedHandle::add`] for one more.
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
    let mut feed = Feed::new(checkpoints.clone());
    let model = feed.add();
    feed.restore(&store).await?;
    let _ = feed.start(store, supervisor);
    Ok(model)
}

type Observer<E> = Box<dyn Fn(&RecordedEvent<E>) + Send + Sync>;

/// The feed before it starts, and then its task.
pub struct Feed<E> {
    checkpoints: Checkpoints,
    members: Members<E>,
    observers: Vec<Observer<E>>,
    outlets: Vec<HandlerFeed<E>>,
    /// What came before is no news, and no observer hears of it.
    live_after: Position,
    kept: Kept,
    rebuild: Rebuild,
    /// Event handlers see nothing until this is heard.
    held: Option<oneshot::Receiver<()>>,
    /// Whether the store is somebody else's, and nobody here is told by it that it has closed.
    is_store_of_others: bool,
}

impl<E> fmt::Debug for Feed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("checkpoints", &self.checkpoints).finish_non_exhaustive()
    }
}

impl<E: DomainEvent> Feed<E> {
    /// A feed of nobody yet.
    pub fn new(checkpoints: Checkpoints) -> Self {
        Self {
            members: Members::new(checkpoints.clone()),
            checkpoints,
            observers: Vec::new(),
            outlets: Vec::new(),
            live_after: Position::START,
            kept: Kept::default(),
            rebuild: Rebuild::default(),
            held: None,
            is_store_of_others: false,
        }
    }

    /// The store is somebody else's: when they close it, all that is fed here stops.
    pub(in crate::engine) fn end_with_store(&mut self) {
        self.is_store_of_others = true;
    }

    /// Adds a projection that starts at the beginning of the store.
    ///
    /// Where it panics at the same event [`MAX_ATTEMPTS`] times, everything stops.
    pub fn add<P: Projection<E>>(&mut self) -> ReadModel<P> {
        const {
            assert!(
                !is_reserved(P::NAME),
                "no projection's name begins with a colon: such names are kept for the engine"
            )
        };
        let model = ReadModel::<P>::default();
        self.members.join(Box::new(Host::new(model.clone())));
        model
    }

    /// Tells an observer of each event that happens, when the projections have taken it in and before an event handler
    /// gets it: trace lines and log messages belong there. It hears of nothing that is not new.
    pub fn observe(&mut self, observer: impl Fn(&RecordedEvent<E>) + Send + Sync + 'static) {
        self.observers.push(Box::new(observer));
    }

    /// Hands the events over to an event handler, after the projections have taken them in.
    pub(super) fn hand_over_to(&mut self, handler_feed: HandlerFeed<E>) {
        self.outlets.push(handler_feed);
    }

    /// Takes back the rows that the store has kept. A projection whose rows are missing, of another form, or
    /// unreadable starts at the beginning.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store's end could not be read, or the store is closed.
    pub async fn restore<S: EventStore<E>>(&mut self, store: &S) -> Result<(), StoreError> {
        self.live_after = store.end().await?;
        for host in self.members.hosts() {
            keep::restore(host, store).await?;
        }
        self.members.acknowledge_what_is_done();
        Ok(())
    }

    /// Starts the task, where the projections are: at the beginning, or after what [`Feed::restore`] has found. Without
    /// that, whatever is in the log is news to them.
    ///
    /// # Panics
    ///
    /// Where neither this nor the supervisor is on a tokio runtime. Nobody waits for its projections then.
    pub fn start<S: EventStore<E>>(self, store: S, supervisor: &Supervisor) -> FeedHandle<E> {
        let from = self.members.all_done().unwrap_or(self.live_after);
        let subscription = Subscription::after(store.clone(), from);
        let (sender, requests) = requests::channel();
        supervisor.spawn(TASK, self.run(store, subscription, requests));
        FeedHandle::new(sender)
    }

    async fn run<S: EventStore<E>>(
        mut self,
        store: S,
        mut subscription: Subscription<E, S>,
        mut requests: requests::Receiver<FeedRequest<E>>,
    ) -> Result<(), StopReason> {
        self.members.run();
        self.open_outlets(subscription.position());
        loop {
            let next = tokio::select! {
                biased;
                page = self.rebuild.next_page(&store), if self.rebuild.is_under_way() => {
                    self.rebuild.go_on(page, &mut self.members);
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
                // Its own tasks say why, and in the same group.
                Err(StoreError::Closed) if !self.is_store_of_others => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            self.rebuild.is_spoiled |= self.members.take(&events, &store).await?;
            // Observers and handlers come first, so that their lines of the trace come before the reply.
            if self.held.is_none() {
                self.tell_observers(&events);
            }
            let outlets = if self.held.is_none() { &self.outlets[..] } else { &[] };
            let passed_over = outlets.iter().filter_map(|handler_feed| handler_feed.offer(&events));
            self.checkpoints.advance(self.members.acknowledged().chain(passed_over), subscription.position());
            if store.is_durable() && self.kept.is_due_at(subscription.position()) {
                self.kept.write(&mut self.members, &store).await?;
            }
        }
    }

    fn open_outlets(&self, end: Position) {
        self.outlets.iter().for_each(|handler_feed| handler_feed.open_to(end));
    }

    fn tell_observers(&self, events: &[RecordedEvent<E>]) {
        for observer in &self.observers {
            events.iter().filter(|event| event.position > self.live_after).for_each(observer);
        }
    }

    /// Does what was asked for, where the projections are at `position`.
    async fn answer<S: EventStore<E>>(
        &mut self,
        request: FeedRequest<E>,
        position: Position,
        store: &S,
    ) -> Result<(), StopReason> {
        // A caller that has gone does not want to know.
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
            // Nobody would have the read model of a caller that has gone, or run the handler.
            FeedRequest::Join { reply, .. } if reply.is_closed() => {}
            FeedRequest::HandOver { reply, .. } if reply.is_closed() => {}
            FeedRequest::Join { mut host, reply } => {
                let joined = join::take_in(host.as_mut(), store, position).await;
                if joined.is_ok() {
                    self.members.join(host);
                    // One that is under way begins again, with all of them.
                    self.rebuild.is_spoiled = true;
                }
                let _ = reply.send(joined);
            }
            FeedRequest::Remove { name, reply } => {
                let removed = if self.members.is_added(&name) {
                    self.keep_rows(store).await?;
                    self.members.remove(&name);
                    Ok(())
                } else {
                    Err(RemoveError::NotAdded { name })
                };
                let _ = reply.send(removed);
            }
            FeedRequest::HandOver { handler_feed, reply } => {
                if self.held.is_none() {
                    handler_feed.open_to(position);
                }
                self.outlets.retain(|handler_feed| !handler_feed.is_abandoned());
                self.hand_over_to(handler_feed);
                let _ = reply.send(());
            }
        }
        Ok(())
    }

    async fn keep_rows<S: EventStore<E>>(&mut self, store: &S) -> Result<(), StopReason> {
        if store.is_durable() {
            let kept = self.kept.write(&mut self.members, store).await;
            kept.inspect_err(|reason| tracing::warn!("projections are not kept, and folded again: {reason}"))?;
        }
        Ok(())
    }
}

/// Waits until the event handlers are held no longer.
async fn released(held: &mut Option<oneshot::Receiver<()>>) {
    if let Some(held) = held {
        // An error says that the one who held them is gone, which is how this ends.
        let _ = held.await;
    }
}
