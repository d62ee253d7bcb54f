//! Following the log live.

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

/// All events from a position on: first the past ones, then each new one, including those of other processes on the same
/// store.
///
/// A watch is also a [`Stream`], whose last item is the error that ended it. It does not keep the application open.
pub struct Watch<E: 'static> {
    base: Arc<Base<E>>,
    /// The events read last; those from `next` on are still to be handed out.
    events: Committed<E>,
    next: usize,
    source: Source<E>,
    /// Whether the stream has returned its last item.
    is_over: bool,
}

type Log<E> = Subscription<E, Store<E>>;

/// The subscription, and the events it returned.
type Read<E> = (Log<E>, Result<Committed<E>, Unavailable>);

/// Where the next events come from.
enum Source<E: 'static> {
    Reading(Pin<Box<dyn Future<Output = Read<E>> + Send>>),
    Ended(Unavailable),
}

impl<E: StoredEvent> Source<E> {
    fn read(mut log: Log<E>, base: Arc<Base<E>>) -> Self {
        Self::Reading(Box::pin(async move {
            let events = tokio::select! {
                // Events that are ready come before the end.
                biased;
                events = log.next() => base.or_unavailable(events).await,
                reason = base.supervisor.stopped() => Err(reason.into()),
            };
            (log, events)
        }))
    }
}

impl<E: StoredEvent> Application<E> {
    /// Follows the log from position `from` on; without a position, from the next new event on.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the application cannot serve.
    pub async fn watch(&self, from: Option<Position>) -> Result<Watch<E>, Unavailable> {
        self.still_open()?;
        let after = match from {
            Some(from) => from.before(),
            None => {
                let end = self.store().end().await;
                self.or_unavailable(end).await?
            }
        };
        let base = self.inner.base.clone();
        let source = Source::read(Subscription::after(base.store.clone(), after), base.clone());
        Ok(Watch { base, events: Committed::nothing(), next: 0, source, is_over: false })
    }
}

impl<E: StoredEvent> Watch<E> {
    /// Waits for the next event. Cancel safe: dropping the future loses no event.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the watch has ended.
    pub async fn next(&mut self) -> Result<RecordedEvent<E>, Unavailable> {
        poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Result<RecordedEvent<E>, Unavailable>> {
        loop {
            if let Some(event) = self.events.get(self.next) {
                self.next += 1;
                return Poll::Ready(Ok(event.clone()));
            }
            let (log, read) = match &mut self.source {
                Source::Reading(reading) => ready!(reading.as_mut().poll(context)),
                Source::Ended(unavailable) => return Poll::Ready(Err(unavailable.clone())),
            };
            self.source = match read {
                Ok(events) => {
                    (self.events, self.next) = (events, 0);
                    Source::read(log, self.base.clone())
                }
                Err(unavailable) => Source::Ended(unavailable),
            };
        }
    }
}

/// Each event, and finally the error that ended the watch.
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
