//! The events of the log: small commits packed together, large ones as the slices that are published.
//!
//! A slice of its own for each commit of one event would take half as much memory again. A copy of each event of a large
//! commit would take as long as deciding on it.

use crate::engine::log::{Batch, RecordedEvent};

/// Packed events are kept in so large lists.
const PACKED: usize = 1_024;

/// From so many events on, what a slice takes besides is little to each of them.
const SHARED_FROM: usize = 32;

#[derive(Debug)]
pub(super) struct Events<E> {
    chunks: Vec<Chunk<E>>,
    /// The number of events in the chunks.
    committed: usize,
    /// The commit that is being made.
    commit: Vec<RecordedEvent<E>>,
}

#[derive(Debug)]
struct Chunk<E> {
    /// The index of its first event.
    start: usize,
    events: ChunkEvents<E>,
}

#[derive(Debug)]
enum ChunkEvents<E> {
    Packed(Vec<RecordedEvent<E>>),
    Shared(Batch<E>),
}

impl<E> Default for Events<E> {
    fn default() -> Self {
        Self { chunks: Vec::new(), committed: 0, commit: Vec::new() }
    }
}

impl<E> Chunk<E> {
    fn as_slice(&self) -> &[RecordedEvent<E>] {
        match &self.events {
            ChunkEvents::Packed(events) => events,
            ChunkEvents::Shared(events) => events,
        }
    }
}

impl<E> Events<E> {
    pub(super) fn len(&self) -> usize {
        self.committed + self.commit.len()
    }

    /// The event at an index that there is.
    pub(super) fn at(&self, index: usize) -> &RecordedEvent<E> {
        match index.checked_sub(self.committed) {
            Some(index) => &self.commit[index],
            None => {
                let chunk = &self.chunks[self.chunk_of(index)];
                &chunk.as_slice()[index - chunk.start]
            }
        }
    }

    /// The number of the chunk that holds a committed event.
    fn chunk_of(&self, index: usize) -> usize {
        self.chunks.partition_point(|chunk| chunk.start <= index) - 1
    }

    /// The events from an index on, as slices.
    pub(super) fn slices_from(&self, index: usize) -> impl Iterator<Item = &[RecordedEvent<E>]> {
        let first = if index < self.committed { self.chunk_of(index) } else { self.chunks.len() };
        let committed = self.chunks[first..].iter().map(move |chunk| {
            let skipped = index.saturating_sub(chunk.start);
            &chunk.as_slice()[skipped..]
        });
        let skipped = index.saturating_sub(self.committed).min(self.commit.len());
        committed.chain([&self.commit[skipped..]])
    }

    /// Adds an event to the commit that is being made.
    pub(super) fn push(&mut self, event: RecordedEvent<E>) {
        self.commit.push(event);
    }

    /// Ends a commit. Returns its events, to be published.
    pub(super) fn commit(&mut self) -> Batch<E>
    where
        E: Clone,
    {
        let (start, count) = (self.committed, self.commit.len());
        self.committed += count;
        if count >= SHARED_FROM {
            if let Some(Chunk { events: ChunkEvents::Packed(before), .. }) = self.chunks.last_mut() {
                before.shrink_to_fit();
            }
            let commit: Batch<E> = self.commit.drain(..).collect();
            self.chunks.push(Chunk { start, events: ChunkEvents::Shared(commit.clone()) });
            return commit;
        }
        let commit = self.commit.as_slice().into();
        for event in self.commit.drain(..) {
            pack(&mut self.chunks, event);
        }
        commit
    }

    /// Removes the last event.
    pub(super) fn pop(&mut self) -> Option<RecordedEvent<E>>
    where
        E: Clone,
    {
        if let Some(event) = self.commit.pop() {
            return Some(event);
        }
        let last = self.chunks.last_mut()?;
        let event = match &mut last.events {
            ChunkEvents::Packed(events) => events.pop(),
            ChunkEvents::Shared(events) => {
                let mut packed = events.to_vec();
                let event = packed.pop();
                last.events = ChunkEvents::Packed(packed);
                event
            }
        };
        if last.as_slice().is_empty() {
            self.chunks.pop();
        }
        self.committed -= usize::from(event.is_some());
        event
    }

    /// The memory of the list itself, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        // A slice is counted by those who share it, and by `malloc`.
        const OF_A_SLICE: usize = 32;
        let events = self.chunks.iter().map(|chunk| match &chunk.events {
            ChunkEvents::Packed(events) => events.capacity() * size_of::<RecordedEvent<E>>(),
            ChunkEvents::Shared(events) => events.len() * size_of::<RecordedEvent<E>>() + OF_A_SLICE,
        });
        events.sum::<usize>() + self.chunks.capacity() * size_of::<Chunk<E>>()
    }
}

/// Adds an event to the last packed chunk, or to a new one. The first one of a row grows, so that a short one stays small;
/// one after a full one is made in its whole size, so that a long row is never moved.
fn pack<E>(chunks: &mut Vec<Chunk<E>>, event: RecordedEvent<E>) {
    let (start, room) = match chunks.last_mut() {
        Some(Chunk { events: ChunkEvents::Packed(last), .. }) if last.len() < PACKED => return last.push(event),
        Some(Chunk { start, events: ChunkEvents::Packed(last) }) => (*start + last.len(), PACKED),
        Some(Chunk { start, events: ChunkEvents::Shared(last) }) => (*start + last.len(), 1),
        None => (0, 1),
    };
    let mut events = Vec::with_capacity(room);
    events.push(event);
    chunks.push(Chunk { start, events: ChunkEvents::Packed(events) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::log::{Metadata, Position, StreamId, Timestamp, Version};
    use uuid::Uuid;

    fn event(number: usize) -> RecordedEvent<usize> {
        RecordedEvent {
            position: Position::START.plus(number + 1),
            stream: StreamId::new("test", &"a"),
            version: Version::START.plus(number + 1),
            time: Timestamp::from_micros(0),
            metadata: Metadata::from_outside(Uuid::nil()),
            data: number,
        }
    }

    /// Commits of these sizes, of events numbered from 0.
    fn of_commits(sizes: &[usize]) -> Events<usize> {
        let mut events = Events::default();
        for size in sizes {
            let first = events.len();
            (first..first + size).for_each(|number| events.push(event(number)));
            let commit = events.commit();
            let numbers: Vec<_> = commit.iter().map(|event| event.data).collect();
            assert_eq!(numbers, (first..first + size).collect::<Vec<_>>());
        }
        events
    }

    const SIZES: [usize; 10] = [1, 0, 31, 32, 1, 1_500, 1_500, 2, 31, 300];

    fn data_from(events: &Events<usize>, index: usize) -> Vec<usize> {
        events.slices_from(index).flatten().map(|event| event.data).collect()
    }

    #[test]
    fn events_are_found_on_both_sides_of_every_boundary() {
        for sizes in [&SIZES[..], &[1; 3_000], &[]] {
            let mut events = of_commits(sizes);
            for uncommitted in 0..3 {
                let count = events.len();
                assert_eq!(count, sizes.iter().sum::<usize>() + uncommitted);
                for index in 0..count {
                    assert_eq!(events.at(index).data, index);
                }
                for index in (0..count + 3).step_by(7).chain([count.saturating_sub(1), count]) {
                    assert_eq!(data_from(&events, index), (index..count).collect::<Vec<_>>(), "from {index}");
                }
                events.push(event(count));
            }
        }
    }

    #[test]
    fn events_are_removed_from_the_end_and_others_take_their_place() {
        let mut events = of_commits(&SIZES);
        events.push(event(events.len()));
        for left in (0..events.len()).rev() {
            assert_eq!(events.pop().map(|event| event.data), Some(left));
            assert_eq!(events.len(), left);
            assert!(left == 0 || events.at(left - 1).data == left - 1);
            if left % 500 == 0 {
                events.push(event(left));
                events.commit();
                assert_eq!(data_from(&events, left), [left]);
                events.pop();
            }
        }
        assert!(events.pop().is_none() && events.chunks.is_empty());
    }

    #[test]
    fn a_large_commit_is_shared_and_not_copied() {
        let mut events = Events::default();
        (0..SHARED_FROM).for_each(|number| events.push(event(number)));
        let commit = events.commit();
        assert!(std::ptr::eq(events.at(0), &raw const commit[0]));
    }
}
