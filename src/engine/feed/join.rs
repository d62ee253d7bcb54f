//! A projection that comes when others are fed already joins them: from then on it is one of them.
//!
//! What has happened before it takes in by itself; the task that feeds the others waits for no more than what has
//! happened meanwhile.

use thiserror::Error;

use super::recover::take_again;
use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::projection::Hosted;
use crate::engine::runtime::StopReason;
use crate::engine::store::{Committed, EventStore, MAX_READ, StoreError};

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
    /// The feed's task has ended.
    #[error("the projections have stopped")]
    Stopped,
}

impl From<StopReason> for JoinError {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Closed | StopReason::RuntimeEnded => Self::Stopped,
            StopReason::Panicked { message, .. } => Self::Panicked { message },
            StopReason::StoreFailed { message } => Self::Store(StoreError::Failed(message)),
            StopReason::GaveUp { message, .. } => Self::Store(StoreError::Failed(message.into())),
        }
    }
}

/// Lets a projection take in what the log has up to a position, or what there is.
pub(super) async fn take_in<E: DomainEvent, S: EventStore<E>>(
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
        if let Err(message) = host.take(&events) {
            take_again(host, &events, store, message).await?;
        }
    }
    Ok(())
}
