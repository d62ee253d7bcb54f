//! A projection that comes when others are fed already joins them: from then on it is one of them.
//!
//! What has happened before it takes in by itself and without a word; the task that feeds the others waits for no more
//! than what has happened meanwhile.

use thiserror::Error;
use tokio::sync::oneshot;

use super::host::{Host, Hosted};
use super::recover::take_again;
use super::rows::{Request, restore_host};
use super::{Projection, Projections, ProjectionsControl, ReadModel};
use crate::engine::event::{DomainEvent, Position};
use crate::engine::store::{Committed, EventStore, MAX_READ, StoreError};
use crate::engine::supervisor::StopReason;

/// What has happened is no news.
const SILENTLY: Position = Position::new(u64::MAX);

/// Why a projection has not joined.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum JoinError {
    /// The log could not be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// It panicked on what the log holds, time and again.
    #[error("the projection panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The projections' task has ended.
    #[error("the projections have stopped")]
    Stopped,
}

impl From<StopReason> for JoinError {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Closed => Self::Stopped,
            StopReason::Panicked { message, .. } => Self::Panicked { message },
            StopReason::StoreFailed { message } => Self::Store(StoreError::Failed(message)),
            StopReason::GaveUp { message, .. } => Self::Store(StoreError::Failed(message.into())),
        }
    }
}

impl<E: DomainEvent> ProjectionsControl<E> {
    /// Adds a projection to those that are fed from `store`: from the rows that are stored of it, or else from the
    /// beginning. It knows all that had happened when this was called; from then on it is fed, kept, held and rebuilt
    /// with the others, and strong consistency waits for it too. No handler or projection may have its name already.
    ///
    /// # Errors
    ///
    /// [`JoinError`]: why it was not added.
    pub async fn add<P: Projection<E>, S: EventStore<E>>(&self, store: &S) -> Result<ReadModel<P>, JoinError> {
        let model = ReadModel::<P>::default();
        let mut host: Box<dyn Hosted<E>> = Box::new(Host::new(model.clone()));
        restore_host(host.as_mut(), store).await?;
        take_in(host.as_mut(), store, Position::new(u64::MAX)).await?;
        let (reply, joined) = oneshot::channel();
        self.requests.send(Request::Join { host, reply });
        joined.await.unwrap_or(Err(JoinError::Stopped))?;
        Ok(model)
    }
}

impl<E: DomainEvent> Projections<E> {
    /// Takes a projection among the others, which are at `position`.
    pub(super) async fn join<S: EventStore<E>>(
        &mut self,
        mut host: Box<dyn Hosted<E>>,
        position: Position,
        store: &S,
    ) -> Result<(), JoinError> {
        take_in(host.as_mut(), store, position).await?;
        self.acknowledged.push(self.checkpoints.register(host.name(), host.done()));
        self.hosted.push(host);
        // One that is under way begins again, with all of them.
        self.rebuild.is_spoiled = true;
        Ok(())
    }
}

/// Lets a projection take in what the log has up to a position, or what there is.
async fn take_in<E: DomainEvent, S: EventStore<E>>(
    host: &mut dyn Hosted<E>,
    store: &S,
    until: Position,
) -> Result<(), JoinError> {
    while host.done() < until {
        let page = store.read_all(host.done(), MAX_READ).await?;
        let known = page.partition_point(|event| event.position <= until);
        if known == 0 {
            break;
        }
        let events = Committed::new(page, 0..known);
        if let Err(message) = host.take(&events, SILENTLY) {
            take_again(host, &events, SILENTLY, store, message).await?;
        }
    }
    Ok(())
}
