//! The requests to the feed, as its task waits for them beside the log.

use std::task::{Context, Poll, Waker};

use tokio::sync::mpsc;
use tokio::task::coop;

use super::handle::FeedRequest;

/// The feed's end of the queue.
///
/// The feed looks for a request each time it waits for an event, and there is hardly ever one. While it is known that the
/// queue will wake the task, an empty queue is not asked again: that would cost as much as applying an event.
pub(super) struct Requests<E> {
    queue: mpsc::Receiver<FeedRequest<E>>,
    /// What the queue wakes with the next request, if it does.
    wakes: Option<Waker>,
}

impl<E> Requests<E> {
    pub(super) fn new(queue: mpsc::Receiver<FeedRequest<E>>) -> Self {
        Self { queue, wakes: None }
    }

    /// Waits for a request; for ever, once nobody can send one.
    ///
    /// Cancel-safe.
    pub(super) async fn next(&mut self) -> FeedRequest<E> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<FeedRequest<E>> {
        let is_waiting = self.wakes.as_ref().is_some_and(|waker| waker.will_wake(context.waker()));
        if is_waiting && self.queue.is_empty() {
            return Poll::Pending;
        }
        self.wakes = None;
        // A task that has used up its turn is polled again soon, and the queue knows nothing of it.
        let is_asked = coop::has_budget_remaining();
        match self.queue.poll_recv(context) {
            Poll::Ready(Some(request)) => return Poll::Ready(request),
            Poll::Pending if is_asked => self.wakes = Some(context.waker().clone()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn keep() -> FeedRequest<()> {
        FeedRequest::Keep { reply: oneshot::channel().0 }
    }

    #[test]
    fn each_request_wakes_however_often_an_empty_queue_was_looked_at() {
        let (sender, queue) = mpsc::channel(2);
        let mut requests = Requests::new(queue);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        for round in 1..=3 {
            for _ in 0..3 {
                assert!(requests.poll_next(&mut context).is_pending());
            }
            sender.try_send(keep()).unwrap();
            sender.try_send(keep()).unwrap();
            assert_eq!(woken.0.load(Ordering::Relaxed), round);
            assert!(requests.poll_next(&mut context).is_ready());
            assert!(requests.poll_next(&mut context).is_ready());
        }
    }

    #[test]
    fn another_task_that_waits_is_the_one_that_is_woken() {
        let (sender, queue) = mpsc::channel(1);
        let mut requests = Requests::new(queue);
        let (first, second) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        for woken in [&first, &second] {
            assert!(requests.poll_next(&mut Context::from_waker(&Waker::from(woken.clone()))).is_pending());
        }
        sender.try_send(keep()).unwrap();
        assert_eq!((first.0.load(Ordering::Relaxed), second.0.load(Ordering::Relaxed)), (0, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_without_a_turn_left_misses_no_request() {
        let (sender, queue) = mpsc::channel(1);
        let mut requests = Requests::new(queue);
        let waiting = tokio::spawn(async move {
            let mut exhausted = false;
            std::future::poll_fn(|context| {
                if !exhausted {
                    while coop::has_budget_remaining() {
                        let Poll::Ready(spent) = coop::poll_proceed(context) else { break };
                        spent.made_progress();
                    }
                    exhausted = true;
                }
                requests.poll_next(context)
            })
            .await;
        });
        // Once for its turn, and again for when it is polled soon.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        sender.send(keep()).await.unwrap();
        tokio::time::timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    }
}
