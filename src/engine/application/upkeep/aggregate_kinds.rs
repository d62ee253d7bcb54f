//! An application's kinds of aggregate, found by the category of a stream.

use std::fmt;

use crate::engine::command_handler::state::{apply, restored_from, snapshot_of};
use crate::engine::domain::{Aggregate, Contains};
use crate::engine::log::{RecordedEvent, StreamId};
use crate::engine::store::StoreError;

pub(super) struct Kinds<E: 'static>(Vec<AggregateKind<E>>);

pub(super) struct AggregateKind<E: 'static> {
    pub(super) category: &'static str,
    has: fn(&E) -> bool,
    replay: fn(&StreamId) -> Box<dyn Replay<E>>,
}

impl<E: 'static> AggregateKind<E> {
    /// Whether an event belongs to this kind.
    pub(super) fn has(&self, event: &E) -> bool {
        (self.has)(event)
    }

    /// A replay of a stream, before its first event.
    pub(super) fn replay(&self, stream: &StreamId) -> Box<dyn Replay<E>> {
        (self.replay)(stream)
    }
}

/// A replay of an aggregate's stream.
pub(super) trait Replay<E>: Send {
    /// Applies the next event of the stream.
    fn take(&mut self, event: &RecordedEvent<E>) -> Result<(), StoreError>;

    /// A snapshot of the state, if the aggregate makes snapshots.
    fn snapshot(&self) -> Option<Box<str>>;

    /// Whether a snapshot differs from the state. A snapshot that cannot be read counts as equal: it is never used.
    fn differs_from(&self, snapshot: &str) -> bool;
}

struct AggregateReplay<A> {
    stream: StreamId,
    state: A,
}

impl<A, E> Replay<E> for AggregateReplay<A>
where
    A: Aggregate,
    E: Contains<A::Event>,
{
    fn take(&mut self, event: &RecordedEvent<E>) -> Result<(), StoreError> {
        apply(&mut self.state, event)
    }

    fn snapshot(&self) -> Option<Box<str>> {
        snapshot_of(&self.stream, &self.state).map(String::into_boxed_str)
    }

    fn differs_from(&self, snapshot: &str) -> bool {
        let restored = restored_from::<A>(&self.stream, snapshot);
        restored.is_some_and(|restored| snapshot_of(&self.stream, &restored) != snapshot_of(&self.stream, &self.state))
    }
}

impl<E: 'static> Default for Kinds<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<E: 'static> fmt::Debug for Kinds<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|kind| kind.category)).finish()
    }
}

impl<E: 'static> Kinds<E> {
    pub(super) fn add<A: Aggregate>(&mut self)
    where
        E: Contains<A::Event>,
    {
        self.0.push(AggregateKind {
            category: A::CATEGORY,
            has: |event| event.part().is_some(),
            replay: |stream| Box::new(AggregateReplay { stream: stream.clone(), state: A::default() }),
        });
    }

    /// The kind of a stream's aggregate, if the application has it.
    pub(super) fn of(&self, stream: &StreamId) -> Option<&AggregateKind<E>> {
        let has_category = |category| stream.as_str().strip_prefix(category).is_some_and(|rest| rest.starts_with('-'));
        self.0.iter().find(|kind| has_category(kind.category))
    }
}
