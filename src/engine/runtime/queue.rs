//! Bounded queues between tasks.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TrySendError};

/// Puts something into a queue at once, or answers with it when the queue is full: then the caller waits for a
/// place with `send`, best in a box: a future that is mostly not needed should not be carried along. Mostly there is
/// a place, and this is quicker than to ask for one.
///
/// # Errors
///
/// [`SendError`]: nobody takes from this queue any more.
pub(in crate::engine) fn offer<T>(queue: &mpsc::Sender<T>, item: T) -> Result<Option<T>, SendError<T>> {
    match queue.try_send(item) {
        Ok(()) => Ok(None),
        Err(TrySendError::Full(item)) => Ok(Some(item)),
        Err(TrySendError::Closed(item)) => Err(SendError(item)),
    }
}
