//! Why a handler failed at an event, and what happens to the event.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::engine::runtime::BlockingError;

/// Why a handler failed at an event.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct Failure {
    /// What went wrong, shown to users.
    pub reason: String,
    /// What happens to the event.
    pub action: NackAction,
}

/// What happens to an event that a handler failed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NackAction {
    /// It is delivered again after a delay that grows. After the last attempt, it is parked.
    Retry,
    /// It is delivered again after this delay.
    RetryAfter(Duration),
    /// It counts as handled.
    Skip,
    /// It is parked, and the next event is delivered.
    Park,
    /// The handler stops, and gets no more events.
    Stop,
    /// It is delivered again, and the attempt does not count: the event is not at fault, for instance because the
    /// application is closing.
    Untried,
}

impl Failure {
    /// A failure with [`NackAction::Retry`], the default.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), action: NackAction::Retry }
    }

    /// The same failure with another action.
    #[must_use]
    pub fn with_action(self, action: NackAction) -> Self {
        Self { action, ..self }
    }
}

/// A system error may be gone at the next attempt.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::retry(error.to_string())
    }
}

impl From<BlockingError> for Failure {
    fn from(error: BlockingError) -> Self {
        Self::retry(error.to_string())
    }
}
