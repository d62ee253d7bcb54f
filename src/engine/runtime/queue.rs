//! Sending to bounded queues, and waiting for answers.

use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::sync::{mpsc, oneshot};

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

/// Waits for the answer to a request that has been sent; `None` if whoever was to answer is gone. For receivers that answer
/// nothing once they are closed.
///
/// A receiver that is dropped drops what is queued, which ends the wait for each answer. A request that is sent at that very
/// moment stays queued for as long as there are senders, and nobody will ever answer it.
pub(in crate::engine) async fn answered<T, R>(queue: &mpsc::Sender<T>, mut answer: oneshot::Receiver<R>) -> Option<R> {
    if queue.is_closed() { answer.try_recv().ok() } else { answer.await.ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_whom_the_request_has_just_missed() {
        let (queue, receiver) = mpsc::channel(1);
        let (reply, answer) = oneshot::channel::<()>();
        let sending = queue.reserve().await.unwrap();
        drop(receiver);
        sending.send(reply);
        assert_eq!(answered(&queue, answer).await, None);
    }

    #[tokio::test]
    async fn an_answer_is_heard_also_from_one_that_is_gone() {
        let (queue, mut receiver) = mpsc::channel(1);
        let (reply, answer) = oneshot::channel();
        queue.send(reply).await.unwrap();
        receiver.recv().await.unwrap().send(7).unwrap();
        drop(receiver);
        assert_eq!(answered(&queue, answer).await, Some(7));
    }
}
