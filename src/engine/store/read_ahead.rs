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
        let events = match self.read_before(after).await {
            Some(events) => events,
            None => store.read_all(after, MAX_READ).await?,
        };
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

#[cfg(test)]
mod tests {
    use std::iter;

    use uuid::Uuid;

    use super::*;
    use crate::engine::log::{Metadata, Moment, StreamId, Timestamp};
    use crate::engine::runtime::Supervisor;
    use crate::engine::store::memory::MemoryStore;
    use crate::engine::store::{Append, ExpectedEnd};

    #[derive(Clone, Debug)]
    struct Happened;

    impl DomainEvent for Happened {
        fn event_type(&self) -> &'static str {
            "happened"
        }
    }

    async fn append(store: &MemoryStore<Happened>, count: usize) {
        let stream = StreamId::new("test", &1);
        let append = Append {
            stream: stream.clone(),
            expected_version: store.stream_version(&stream, Moment::NOW).await.unwrap(),
            time: Timestamp::from_micros(0),
            metadata: Metadata::from_outside(Uuid::from_u128(count as u128)),
            events: iter::repeat_n(Happened, count).collect(),
            snapshot: None,
            expected_end: ExpectedEnd::ANY,
        };
        store.append(vec![append]).await.unwrap().remove(0).unwrap();
    }

    /// The first position of the page after a position, and its length.
    async fn read(ahead: &mut ReadAhead<Happened>, store: &MemoryStore<Happened>, after: usize) -> (u64, usize) {
        let page = ahead.next(store, Position::START.plus(after)).await.unwrap();
        (page.first().map_or(0, |event| event.position.get()), page.len())
    }

    #[tokio::test]
    async fn pages_are_those_of_the_position_that_is_asked_for() {
        let store = MemoryStore::start(&Supervisor::new());
        let mut ahead = ReadAhead::default();
        append(&store, 3 * MAX_READ + 5).await;
        assert_eq!(read(&mut ahead, &store, 0).await, (1, MAX_READ));
        assert_eq!(ahead.0.len(), PAGES);
        assert_eq!(read(&mut ahead, &store, MAX_READ).await, (1 + MAX_READ as u64, MAX_READ));
        // Somewhere else, and back at the beginning.
        assert_eq!(read(&mut ahead, &store, 7).await, (8, MAX_READ));
        assert_eq!(read(&mut ahead, &store, 0).await, (1, MAX_READ));
        assert_eq!(read(&mut ahead, &store, MAX_READ).await, (1 + MAX_READ as u64, MAX_READ));
        // The last page was read ahead before it had all of these.
        append(&store, MAX_READ).await;
        assert_eq!(read(&mut ahead, &store, 2 * MAX_READ).await, (1 + 2 * MAX_READ as u64, MAX_READ));
        assert_eq!(read(&mut ahead, &store, 3 * MAX_READ).await, (1 + 3 * MAX_READ as u64, MAX_READ));
        assert_eq!(read(&mut ahead, &store, 4 * MAX_READ).await, (1 + 4 * MAX_READ as u64, 5));
        assert_eq!(read(&mut ahead, &store, 4 * MAX_READ + 5).await, (0, 0));
    }
}
