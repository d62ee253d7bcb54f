//! Requests that come once in a while to a task that is busy with other things.
//!
//! Each link of the chain brings a request and the place where the next one will come. A task that looks for one on
//! every turn reads a flag and no more, where a queue would have it leave its waker there again each time.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// A request, and where to wait for the next.
#[derive(Debug)]
struct Link<T> {
    request: T,
    next: oneshot::Receiver<Link<T>>,
}

/// The side that asks. Cheap to clone.
#[derive(Debug)]
pub(super) struct Sender<T> {
    last: Arc<Mutex<oneshot::Sender<Link<T>>>>,
}

/// The side that is asked.
#[derive(Debug)]
pub(super) struct Receiver<T> {
    /// Nothing when nobody can ask any more.
    next: Option<oneshot::Receiver<Link<T>>>,
}

pub(super) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (last, next) = oneshot::channel();
    (Sender { last: Arc::new(Mutex::new(last)) }, Receiver { next: Some(next) })
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        let last = self.last.clone();
        Self { last }
    }
}

impl<T> Sender<T> {
    /// Asks. A request that nobody takes any more is dropped, and with it the place for its answer. As many wait as
    /// there are callers who wait for an answer.
    pub(super) fn send(&self, request: T) {
        let (last, next) = oneshot::channel();
        let place = std::mem::replace(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner), last);
        // An error says that the task has ended.
        let _ = place.send(Link { request, next });
    }
}

impl<T> Receiver<T> {
    /// The next request. Waits for ever when nobody can ask any more.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn recv(&mut self) -> T {
        if let Some(next) = &mut self.next {
            let link = next.await.ok();
            let (request, next) = link.map(|Link { request, next }| (request, next)).unzip();
            self.next = next;
            if let Some(request) = request {
                return request;
            }
        }
        std::future::pending().await
    }
}
