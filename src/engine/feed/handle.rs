//! How to ask the feed for what does not come with events.

use tokio::sync::{mpsc, oneshot};

use super::inbox::HandlerFeed;
use super::join::{JoinError, take_in};
use super::keep::restore;
use super::rebuild::{Caller, RebuildError};
use super::requests::Sender;
use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::projection::{Host, Hosted, Projection, ReadModel};
use crate::engine::store::EventStore;

#[derive(Debug)]
pub(super) enum FeedRequest<E> {
    Keep { reply: oneshot::Sender<()> },
    Rebuild(Caller),
    Hold { released: oneshot::Receiver<()>, reply: oneshot::Sender<()> },
    HandOver { handler_feed: HandlerFeed<E>, reply: oneshot::Sender<()> },
    Join { host: Box<dyn Hosted<E>>, reply: oneshot::Sender<Result<(), JoinError>> },
    Remove { name: String, reply: oneshot::Sender<Result<(), RemoveError>> },
}

/// As long as this lives, event handlers see nothing of what happens; then all of it.
#[derive(Debug)]
pub struct HandlersHeld {
    _release: oneshot::Sender<()>,
}

/// Asks the feed's task for what does not come with events. Cheap to clone.
#[derive(Debug)]
pub struct FeedHandle<E> {
    requests: Sender<FeedRequest<E>>,
}

impl<E> Clone for FeedHandle<E> {
    fn clone(&self) -> Self {
        Self { requests: self.requests.clone() }
    }
}

/// Why a projection was not removed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RemoveError {
    /// No projection of this name was added while the feed ran.
    #[error("no projection {name:?} was added")]
    NotAdded {
        /// The name.
        name: String,
    },
    /// The feed's task has ended.
    #[error("the projections have stopped")]
    Stopped,
}

impl<E> FeedHandle<E> {
    pub(super) fn new(requests: Sender<FeedRequest<E>>) -> Self {
        Self { requests }
    }

    /// Writes the rows that have changed, so that nothing has to be folded again.
    pub async fn keep_rows(&self) {
        let (reply, kept) = oneshot::channel();
        self.requests.send(FeedRequest::Keep { reply });
        // An error says that the task has ended. What is not kept is folded again.
        let _ = kept.await;
    }

    /// Keeps from the event handlers what happens from now on, and lets the projections take it in silently: it is
    /// not new. `None` when the task has ended.
    pub async fn hold_handlers(&self) -> Option<HandlersHeld> {
        let (release, released) = oneshot::channel();
        let (reply, held) = oneshot::channel();
        self.requests.send(FeedRequest::Hold { released, reply });
        held.await.ok()?;
        Some(HandlersHeld { _release: release })
    }

    /// Hands over to one more event handler what happens from now on, after the projections have taken it in. What has
    /// happened before is there to be read. `None` when the task has ended.
    pub(in crate::engine) async fn hand_over_to(&self, handler_feed: HandlerFeed<E>) -> Option<()> {
        let (reply, handed_over) = oneshot::channel();
        self.requests.send(FeedRequest::HandOver { handler_feed, reply });
        handed_over.await.ok()
    }

    /// Folds all projections from the whole log anew, and then shows the new ones. Meanwhile the old ones answer,
    /// and take in what happens. `progress` hears now and then how far the log has been read, if it listens. Who asks
    /// while others have asked already shares what they have begun.
    ///
    /// # Errors
    ///
    /// [`RebuildError`]: why the old ones stay.
    pub async fn rebuild(&self, progress: mpsc::Sender<Position>) -> Result<Position, RebuildError> {
        let (reply, rebuilt) = oneshot::channel();
        self.requests.send(FeedRequest::Rebuild(Caller { progress, reply }));
        rebuilt.await.unwrap_or(Err(RebuildError::Stopped))
    }

    /// Removes a projection that was added while the feed ran, whether it still runs or has stopped. Nobody waits for it
    /// any more. Its readers keep what it knew last, and the store its rows, from which it goes on when it is added again.
    ///
    /// # Errors
    ///
    /// [`RemoveError`]: why there was nothing to remove.
    pub async fn remove(&self, name: &str) -> Result<(), RemoveError> {
        let (reply, removed) = oneshot::channel();
        self.requests.send(FeedRequest::Remove { name: name.to_owned(), reply });
        removed.await.unwrap_or(Err(RemoveError::Stopped))
    }
}

impl<E: DomainEvent> FeedHandle<E> {
    /// Adds a projection to those that are fed from `store`: from the rows that are stored of it, or else from the
    /// beginning. It knows all that had happened when this answers; from then on it is fed, kept, held and rebuilt
    /// with the others, and strong consistency waits for it too. No handler or projection may have its name already.
    ///
    /// Where it panics at the same event time and again, it alone stops: it is shown as stopped, nobody waits for it, and
    /// its readers keep what it knew before. It can be removed and added again.
    ///
    /// # Errors
    ///
    /// [`JoinError`]: why it was not added. Nothing is left of it then.
    pub async fn add<P: Projection<E>, S: EventStore<E>>(&self, store: &S) -> Result<ReadModel<P>, JoinError> {
        let model = ReadModel::<P>::default();
        let mut host: Box<dyn Hosted<E>> = Box::new(Host::new(model.clone()));
        restore(host.as_mut(), store).await?;
        take_in(host.as_mut(), store, Position::new(u64::MAX)).await?;
        let (reply, joined) = oneshot::channel();
        self.requests.send(FeedRequest::Join { host, reply });
        joined.await.unwrap_or(Err(JoinError::Stopped))?;
        Ok(model)
    }
}
