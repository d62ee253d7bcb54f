//! How a failed command is reported to the event handler's retry logic.

use crate::engine::command_handler::CommandError;
use crate::engine::event_handler::{Failure, NackAction};
use crate::engine::store::StoreError;

/// A command that was not accepted because the application is stopping does not count as an attempt.
pub(super) fn failed<R: std::error::Error>(error: CommandError<R>) -> Failure {
    match error {
        CommandError::Store(error) => store_failed(error),
        stopped @ CommandError::Stopped => Failure::retry(stopped.to_string()).with_action(NackAction::Untried),
        other => Failure::retry(other.to_string()),
    }
}

pub(super) fn no_command_handler(category: &str) -> Failure {
    Failure::retry(format!("there is no command handler for {category}")).with_action(NackAction::Park)
}

pub(super) fn store_failed(error: StoreError) -> Failure {
    let action = match error {
        // An election is no failure of the handler.
        StoreError::Closed | StoreError::Unavailable(_) => NackAction::Untried,
        _ => NackAction::Retry,
    };
    Failure::retry(error.to_string()).with_action(action)
}
