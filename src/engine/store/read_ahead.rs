//! Reads the log ahead of whoever folds it: meanwhile the store decodes the next pages, on threads of its own.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{EventStore, MAX_READ, StoreError};
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Batch, Position};

/// How many pages are read ahead.
const PAGES: usize = 2;

type Read<E> = Result<Batch<E>, StoreError>;

/// Pages of the log that are being read.
pub(in crate::engine) struct ReadAhead<E>(VecDeque<Page<E>>);

struct Page<E> {
    after: Position,
    reading: Reading<E>,
}

enum Reading<E> {
    Pending(Pin<Box<dyn Future<Output = Read<E>> + Send>>),
    Done(Read<E>),
}

impl<E> Default for ReadAhead<E> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<E> fmt::Debug for ReadAhead<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|page| page.after)).finish()
    }
}

impl<E: DomainEvent> ReadAhead<E> {
    /// The first events after a position, as the store would answer now: at most [`MAX_READ`], and none only at the end.
    ///
    /// Cancel safe: dropping the future loses no page.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the store could not be read.
    pub(in crate::engine) async fn next<S: EventStore<E>>(&mut self, store: &S, after: Position) -> Read<E> {
        if let Some(events) = self.read_before(after).await {
            self.read_on(store, &events).await;
            return Ok(events);
        }
        let events = store.read_all(after, MAX_READ).await?;
        self.read_on(store, &events).await;
        Ok(events)
    }

    /// The page after a position, if it was read ahead. Only a full one is of use: after any other there may be more by now.
    async fn read_before(&mut self, after: Position) -> Option<Batch<E>> {
        let page = self.0.front_mut().filter(|page| page.after == after);
        if let Some(page) = page
            && let Ok(events) = page.reading.done().await
            && events.len() == MAX_READ
        {
            self.0.pop_front();
            return Some(events);
        }
        self.0.clear();
        None
    }

    /// Begins to read what follows a full page.
    async fn read_on<S: EventStore<E>>(&mut self, store: &S, events: &Batch<E>) {
        let [first, .., last] = &**events else { return };
        if events.len() < MAX_READ {
            return;
        }
        // Where the second page begins is only known of a store that leaves out no position.
        let has_gaps = last.position != first.position.plus(MAX_READ - 1);
        while self.0.len() < if has_gaps { 1 } else { PAGES } {
            let after = match self.0.back() {
                Some(page) => page.after.plus(MAX_READ),
                None => last.position,
            };
            let store = store.clone();
            let mut reading = Reading::Pending(Box::pin(async move { store.read_all(after, MAX_READ).await }));
            // Polled once, which sends the request.
            poll_fn(|context| {
                reading.poll(context);
                Poll::Ready(())
            })
            .await;
            self.0.push_back(Page { after, reading });
        }
    }
}

impl<E> Reading<E> {
    fn poll(&mut self, context: &mut Context<'_>) {
        if let Self::Pending(reading) = self
            && let Poll::Ready(read) = reading.as_mut().poll(context)
        {
            *self = Self::Done(read);
        }
    }

    /// Waits until it is read.
    async fn done(&mut self) -> Read<E> {
        poll_fn(|context| {
            self.poll(context);
            match self {
                Self::Done(read) => Poll::Ready(read.clone()),
                Self::Pending(_) => Poll::Pending,
            }
        })
        .await
    }
}
