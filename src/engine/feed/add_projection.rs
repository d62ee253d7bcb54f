//! A projection that joins a running feed.
//!
//! It reads the log by itself first. The feed's task waits only while it reads the events of that time.

use thiserror::Error;

use super::recover::take_again;
use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::projection::ProjectionHost;
use crate::engine::runtime::StopReason;
use crate::engine::store::{Committed, EventStore, MAX_READ, StoreError};

/// Why a projection did not join.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum JoinError {
    /// The log could not be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The projection keeps panicking at an event of the log.
    #[error("the projection panicked: {message}")]
    Panicked {
        /// The panic's message.
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

/// Lets a projection apply the log up to a position, or to its end.
pub(super) async fn take_in<E: DomainEvent, S: EventStore<E>>(
    host: &mut dyn ProjectionHost<E>,
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
