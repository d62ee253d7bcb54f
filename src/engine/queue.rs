//! Bounded queues between tasks.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TrySendError};

/// Puts something into a queue; when it is full, waits for a place in it.
///
/// Mostly there is a place, and then this is quicker than to ask for one.
pub(super) async fn enqueue<T>(queue: &mpsc::Sender<T>, item: T) -> Result<(), SendError<T>> {
    match queue.try_send(item) {
        Ok(()) => Ok(()),
        Err(TrySendError::Full(item)) => queue.send(item).await,
        Err(TrySendError::Closed(item)) => Err(SendError(item)),
    }
}
