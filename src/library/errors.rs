//! Why a service does not do what it was asked.

use thiserror::Error;
use uuid::Uuid;

use super::Refusal;
use crate::engine::event::{Position, StreamId};
use crate::engine::feed::catch_up::{NotCaughtUp, NotYet};
use crate::engine::store::{Failure, StoreError};
use crate::engine::supervisor::StopReason;

/// The service cannot serve, whatever is asked of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unavailable {
    /// It was closed.
    #[error("the service is closed")]
    Closed,
    /// It stopped because it could not go on.
    #[error("the service has stopped: {0}")]
    Stopped(#[source] StopReason),
    /// The store under it did not answer.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The command was about to be stored, and nobody knows whether it was. If so, there are events with this command
    /// id, once the store is open again.
    #[error(
        "the outcome is unknown: {reason}; if the command was carried out, there are events of command {command_id}"
    )]
    OutcomeUnknown {
        /// The command's id.
        command_id: Uuid,
        /// What stands in the way of an answer.
        #[source]
        reason: Failure,
    },
    /// Other writers were quicker each time. The command changed nothing and may be sent again.
    #[error("too many others change this book at once")]
    Busy,
    /// A defect in the book's own code. The command changed nothing.
    #[error("the command could not be decided: {0}")]
    Defect(String),
    /// The inventory has not seen everything yet that was stored before it was asked. It may be asked again.
    #[error("the inventory has not come to position {end} yet")]
    Behind {
        /// The last position that was stored when it was asked.
        end: Position,
    },
}

/// Why a question has no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    /// It is about a position that the log does not have yet.
    #[error("{0}")]
    NotYet(#[from] NotYet),
    /// The service cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<NotCaughtUp> for QueryError {
    fn from(reason: NotCaughtUp) -> Self {
        match reason {
            NotCaughtUp::NotYet(not_yet) => Self::NotYet(not_yet),
            NotCaughtUp::Behind { end, .. } => Self::Unavailable(Unavailable::Behind { end }),
            NotCaughtUp::Store(error) => Self::Unavailable(error.into()),
        }
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Why a command has no events to show.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandFailure {
    /// The book said no. Nothing was stored.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The command's id was given to another one before: of another stream, or with other content. Nothing was stored.
    #[error("the command id has been used for another command already, of {stream}")]
    IdTaken {
        /// The stream of the command that has the id.
        stream: StreamId,
    },
    /// The service cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<StopReason> for Unavailable {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Closed => Self::Closed,
            stopped => Self::Stopped(stopped),
        }
    }
}
