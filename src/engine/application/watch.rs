//! Following what happens.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{Application, Base, Unavailable};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::subscription::Subscription;
use crate::engine::store::{Committed, EventStore as _, Store};

/// Every event from a position on: first those that have happened, then each as it happens, also those of other
/// processes that have the same store.
///
/// It is a [`Stream`] as well, whose last item says why there will be no more. It does not keep the application open.
pub struct Watch<E: 'static> {
    base: Arc<Base<E>>,
    /// What was read and is not handed out yet, from `next` on.
    events: Committed<E>,
    next: usize,
    ahead: Ahead<E>,
    /// Whether the stream has said why it ends.
    is_over: bool,
}

type Log<E> = Subscription<E, Store<E>>;

/// The log, to be read on, and what was read.
type Read<E> = (Log<E>, Result<Committed<E>, Unavailable>);

enum Ahead<E: 'static> {
    /// What comes next, as far as it is being read.
    Reading(Pin<Box<dyn Future<Output = Read<E>> + Send>>),
    /// Why there will be no more.
    Ended(Unavailable),
}

impl<E: StoredEvent> Ahead<E> {
    fn read(mut log: Log<E>, base: Arc<Base<E>>) -> Self {
        Self::Reading(Box::pin(async move {
            let events = tokio::select! {
                // What has happened comes before the end.
                biased;
                events = log.next() => base.or_unavailable(events).await,
                reason = base.supervisor.stopped() => Err(reason.into()),
            };
            (log, events)
        }))
    }
}

impl<E: StoredEvent> Application<E> {
    /// Follows the log from the event at `from` on; without a position, from the next one that happens.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the application cannot serve.
    pub async fn watch(&self, from: Option<Position>) -> Result<Watch<E>, Unavailable> {
        let after = match from {
            Some(from) => from.before(),
            None => {
                let end = self.store().end().await;
                self.or_unavailable(end).await?
            }
        };
        let base = self.inner.base.clone();
        let ahead = Ahead::read(Subscription::after(base.store.clone(), after), base.clone());
        Ok(Watch { base, events: Committed::nothing(), next: 0, ahead, is_over: false })
    }
}

impl<E: StoredEvent> Watch<E> {
    /// The next event. Waits until there is one.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: there will be no more.
    pub async fn next(&mut self) -> Result<RecordedEvent<E>, Unavailable> {
        poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Result<RecordedEvent<E>, Unavailable>> {
        loop {
            if let Some(event) = self.events.get(self.next) {
                self.next += 1;
                return Poll::Ready(Ok(event.clone()));
            }
            let (log, read) = match &mut self.ahead {
                Ahead::Reading(reading) => ready!(reading.as_mut().poll(context)),
                Ahead::Ended(unavailable) => return Poll::Ready(Err(unavailable.clone())),
            };
            self.ahead = match read {
                Ok(events) => {
                    (self.events, self.next) = (events, 0);
                    Ahead::read(log, self.base.clone())
                }
                Err(unavailable) => Ahead::Ended(unavailable),
            };
        }
    }
}

/// Each event, and at last the reason why there will be no more.
impl<E: StoredEvent> Stream for Watch<E> {
    type Item = Result<RecordedEvent<E>, Unavailable>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let event = ready!(self.poll_event(context));
        self.is_over = event.is_err();
        Poll::Ready(Some(event))
    }
}

impl<E: StoredEvent> fmt::Debug for Watch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}
