//! What a store returns of its snapshots.

use std::collections::VecDeque;

use super::{ArcStr, EventStore, StoreError};
use crate::engine::log::{Moment, Position, StreamId, Timestamp, Version};

/// An aggregate's state as text, and the event that it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The version of that event.
    pub version: Version,
    /// Its position.
    pub position: Position,
    /// Its time.
    pub time: Timestamp,
    /// The output of [`Aggregate::snapshot`](crate::engine::domain::Aggregate::snapshot).
    pub state: ArcStr,
}

/// A snapshot in a list, without its state: the event that it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotEntry {
    /// The position of that event.
    pub position: Position,
    /// Its version.
    pub version: Version,
    /// Its time.
    pub time: Timestamp,
}

impl From<&Snapshot> for SnapshotEntry {
    fn from(&Snapshot { version, position, time, .. }: &Snapshot) -> Self {
        Self { position, version, time }
    }
}

/// The first `limit` snapshots of a stream after a position, first to last, in a store that only finds the last one before
/// a moment.
pub(super) async fn listed_backwards<E>(
    store: &impl EventStore<E>,
    stream: &StreamId,
    after: Position,
    limit: usize,
) -> Result<Vec<SnapshotEntry>, StoreError> {
    let (mut until, mut entries) = (Moment::NOW, VecDeque::new());
    loop {
        let snapshot = store.read_from_snapshot(stream, until, 0).await?.0;
        let Some(snapshot) = snapshot.filter(|snapshot| snapshot.position > after) else { return Ok(entries.into()) };
        entries.push_front(SnapshotEntry::from(&snapshot));
        entries.truncate(limit);
        until = Moment::Position(snapshot.position.before());
    }
}
