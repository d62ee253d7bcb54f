//! Requests to the feed's task.

use tokio::sync::{mpsc, oneshot};

use super::add_projection::{JoinError, take_in};
use super::held::ProjectionRequest;
use super::inbox::HandlerFeed;
use super::rebuild::{Caller, RebuildError};
use super::row_storage::restore;
use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::projection::{Projection, ProjectionHost, ReadModel, TypedHost};
use crate::engine::runtime::answered;
use crate::engine::store::EventStore;

#[derive(Debug)]
pub(super) enum FeedRequest<E> {
    Keep { reply: oneshot::Sender<()> },
    Rebuild(Caller),
    Hold { released: oneshot::Receiver<()>, reply: oneshot::Sender<()> },
    HandOver { handler_feed: HandlerFeed<E>, reply: oneshot::Sender<()> },
    Join { host: Box<dyn ProjectionHost<E>>, reply: oneshot::Sender<Result<(), JoinError>> },
    OfProjection { name: String, request: ProjectionRequest },
    Remove { name: String, reply: oneshot::Sender<Result<(), RemoveError>> },
}

/// Event handlers get no events while this exists. They get all of them afterwards.
#[derive(Debug)]
pub struct HandlersHeld {
    _release: oneshot::Sender<()>,
}

/// A handle on the feed's task. Cheap to clone.
#[derive(Debug)]
pub struct FeedHandle<E> {
    requests: mpsc::Sender<FeedRequest<E>>,
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
    pub(super) fn new(requests: mpsc::Sender<FeedRequest<E>>) -> Self {
        Self { requests }
    }

    /// Writes the changed rows of projections, so that they need not be folded again.
    pub async fn keep_rows(&self) {
        // An error means that the task has ended. Rows that are not written are folded again.
        let _ = self.ask(|reply| FeedRequest::Keep { reply }).await;
    }

    /// Holds new events back from the event handlers, and from observers. Projections still apply them. `None` if the
    /// task has ended.
    pub async fn hold_handlers(&self) -> Option<HandlersHeld> {
        let (release, released) = oneshot::channel();
        self.ask(|reply| FeedRequest::Hold { released, reply }).await?;
        Some(HandlersHeld { _release: release })
    }

    /// Hands new events to one more event handler, after the projections have seen them. The handler reads earlier events
    /// from the store. `None` if the task has ended.
    pub(in crate::engine) async fn hand_over_to(&self, handler_feed: HandlerFeed<E>) -> Option<()> {
        self.ask(|reply| FeedRequest::HandOver { handler_feed, reply }).await
    }

    /// Folds all projections anew from the whole log, and then replaces the old ones, which answer and apply new events
    /// meanwhile. Sends `progress` the position reached now and then; a full channel is skipped. Concurrent calls share one
    /// rebuild.
    ///
    /// # Errors
    ///
    /// [`RebuildError`]: why the old projections stay.
    pub async fn rebuild(&self, progress: mpsc::Sender<Position>) -> Result<Position, RebuildError> {
        let rebuilt = self.ask(|reply| FeedRequest::Rebuild(Caller { progress, reply })).await;
        rebuilt.unwrap_or(Err(RebuildError::Stopped))
    }

    /// Removes a projection that was added while the feed ran, whether it still runs or has stopped. Readers keep its last
    /// state. The store keeps its rows, from which it continues when it is added again.
    ///
    /// # Errors
    ///
    /// [`RemoveError`]: why nothing was removed.
    pub async fn remove(&self, name: &str) -> Result<(), RemoveError> {
        let removed = self.ask(|reply| FeedRequest::Remove { name: name.to_owned(), reply }).await;
        removed.unwrap_or(Err(RemoveError::Stopped))
    }

    /// Asks something of one projection. `None` if none of this name runs, or the task has ended.
    pub(in crate::engine) async fn ask_projection<T>(
        &self,
        name: &str,
        request: impl FnOnce(oneshot::Sender<T>) -> ProjectionRequest,
    ) -> Option<T> {
        let name = name.to_owned();
        self.ask(|reply| FeedRequest::OfProjection { name, request: request(reply) }).await
    }

    /// `None` if the task has ended.
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> FeedRequest<E>) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.ok()?;
        answered(&self.requests, answer).await
    }
}

impl<E: DomainEvent> FeedHandle<E> {
    /// Adds a projection, from its stored rows or else from the beginning of the log. When this returns, it has seen the
    /// whole log. From then on it is one of the feed's projections, and strong consistency waits for it. Its name must be
    /// unique among projections and handlers.
    ///
    /// If it keeps panicking at an event, it alone stops: it is shown as stopped, no caller waits for it, and readers keep its
    /// last state. It can be removed and added again.
    ///
    /// # Errors
    ///
    /// [`JoinError`]: why it was not added.
    pub async fn add<P: Projection<E>, S: EventStore<E>>(&self, store: &S) -> Result<ReadModel<P>, JoinError> {
        let model = ReadModel::<P>::default();
        let mut host: Box<dyn ProjectionHost<E>> = Box::new(TypedHost::new(model.clone()));
        restore(host.as_mut(), store).await?;
        take_in(host.as_mut(), store, Position::new(u64::MAX)).await?;
        let joined = self.ask(|reply| FeedRequest::Join { host, reply }).await;
        joined.unwrap_or(Err(JoinError::Stopped))?;
        Ok(model)
    }
}
