//! Reading a part of the log a page at a time.

use std::ops::Deref;

use super::{EventStore, MAX_READ, StoreError};
use crate::engine::log::{Batch, Position, RecordedEvent};

/// The events after one position and up to another, in order.
pub(crate) struct LogPages<'a, S> {
    store: &'a S,
    position: Position,
    end: Position,
}

impl<'a, S> LogPages<'a, S> {
    pub(crate) fn up_to(store: &'a S, end: Position) -> Self {
        Self::between(store, Position::START, end)
    }

    pub(crate) fn between(store: &'a S, after: Position, end: Position) -> Self {
        Self { store, position: after, end }
    }

    /// The position of the last event read.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// The next page, never an empty one. `None` at the end, and where the log ends before that.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    pub(crate) async fn next<E>(&mut self) -> Result<Option<LogPage<E>>, StoreError>
    where
        S: EventStore<E>,
    {
        if self.position >= self.end {
            return Ok(None);
        }
        let events = self.store.read_all(self.position, MAX_READ).await?;
        let count = events.partition_point(|event| event.position <= self.end);
        let Some(last) = events[..count].last() else { return Ok(None) };
        self.position = last.position;
        Ok(Some(LogPage { events, count }))
    }
}

/// A page of the log, cut at the end of what is read.
pub(crate) struct LogPage<E> {
    events: Batch<E>,
    count: usize,
}

impl<E> Deref for LogPage<E> {
    type Target = [RecordedEvent<E>];

    fn deref(&self) -> &[RecordedEvent<E>] {
        &self.events[..self.count]
    }
}
