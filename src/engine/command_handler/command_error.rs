//! What a caller is told instead of an outcome.

use thiserror::Error;
use uuid::Uuid;

use super::MAX_ATTEMPTS;
use crate::engine::log::StreamId;
use crate::engine::runtime::StoreFailure;
use crate::engine::store::{Conflict, StoreError};

/// Why a command led to no events.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandError<R> {
    /// The aggregate refused the command. Nothing was stored.
    #[error("{0}")]
    Refused(#[source] R),
    /// Each attempt met a conflict with other writers. Nothing was stored.
    #[error("gave up after {MAX_ATTEMPTS} conflicts: {0}")]
    Conflict(#[source] Conflict),
    /// Another command has this id: one for another aggregate, with other content, or from another sender. Nothing was
    /// stored.
    #[error("the command id has been used for another command already, of {stream}")]
    IdTaken {
        /// The other command's stream.
        stream: StreamId,
    },
    /// The aggregate's code panicked. Nothing was stored, and other commands are not affected.
    #[error("the command handler panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The event store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The store failed while it stored the command. Once the store is open again, events with this command id tell
    /// whether the command was carried out.
    #[error("the outcome of command {command_id} is unknown: {reason}")]
    OutcomeUnknown {
        /// The command's id.
        command_id: Uuid,
        /// Why the outcome is unknown.
        #[source]
        reason: Unanswered,
    },
    /// The command handler has stopped; the supervisor has the reason. Nothing was stored.
    #[error("the command handler has stopped")]
    Stopped,
}

/// Why the outcome of a command is unknown.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unanswered {
    /// The command handler stopped before the store answered; the supervisor has the reason.
    #[error("the command handler has stopped")]
    Stopped,
    /// The event store failed during the append.
    #[error("{0}")]
    Store(#[source] StoreFailure),
}
