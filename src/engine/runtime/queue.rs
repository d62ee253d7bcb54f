//! Sending to bounded queues.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TrySendError};

/// Sends an item without waiting, or returns it if the queue is full. The fast path of `send`: callers use that one, boxed,
/// only for a returned item, which keeps the common future small.
///
/// # Errors
///
/// [`SendError`]: the receiver is gone.
pub(in crate::engine) fn offer<T>(queue: &mpsc::Sender<T>, item: T) -> Result<Option<T>, SendError<T>> {
    match queue.try_send(item) {
        Ok(()) => Ok(None),
        Err(TrySendError::Full(item)) => Ok(Some(item)),
        Err(TrySendError::Closed(item)) => Err(SendError(item)),
    }
}
