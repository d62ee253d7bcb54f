//! The base of an overlay, as it was at a position: every answer is that of a log which ends there.

use std::pin::Pin;

use uuid::Uuid;

use crate::engine::log::{Batch, Moment, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::custom_store::OtherStore;
use crate::engine::store::handler_records::{Progress, StoredProjection};
use crate::engine::store::hash_chain::Hash;
use crate::engine::store::{Committed, Snapshot, SnapshotEntry, StoreError};

/// Looks up the position and the hash of the event at a position of a store; `None` beyond its end.
pub(in crate::engine::store) type HashAt = Box<dyn Fn(Position) -> HashingAt + Send + Sync>;
pub(in crate::engine::store) type HashingAt =
    Pin<Box<dyn Future<Output = Result<Option<(Position, Hash)>, StoreError>> + Send>>;

pub(super) struct Base<E: 'static> {
    /// Of any kind, also an overlay: its futures are boxed.
    reads: OtherStore<E>,
    hash_at: HashAt,
    end: Position,
    /// The time of the event there.
    last_time: Timestamp,
}

/// Where a stream ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StreamEnd {
    pub(super) version: Version,
    /// The position of the last event.
    pub(super) position: Position,
}

impl<E: StoredEvent> Base<E> {
    /// A store as it was at a position, or is now; `None` for a position beyond its end.
    pub(super) async fn up_to(
        reads: OtherStore<E>,
        hash_at: HashAt,
        at: Option<Position>,
    ) -> Result<Option<Self>, StoreError> {
        let now = reads.end().await?;
        let end = at.unwrap_or(now);
        if end > now {
            return Ok(None);
        }
        let last = match end {
            Position::START => None,
            end => reads.read_all(end.before(), 1).await?.first().map(|last| last.time),
        };
        Ok(Some(Self { reads, hash_at, end, last_time: last.unwrap_or(Timestamp::from_micros(i64::MIN)) }))
    }

    pub(super) async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Batch<E>, StoreError> {
        Ok(self.bounded(self.reads.read_stream(stream, after, limit).await?))
    }

    pub(super) async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        if after >= self.end {
            return Ok(Batch::from([]));
        }
        Ok(self.bounded(self.reads.read_all(after, limit).await?))
    }

    pub(super) async fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> Result<(Option<Snapshot>, Batch<E>), StoreError> {
        let (snapshot, events) = self.reads.read_from_snapshot(stream, self.no_later(until), limit).await?;
        Ok((snapshot, self.bounded(events)))
    }

    pub(super) async fn list_snapshots(
        &self,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<SnapshotEntry>, StoreError> {
        if after >= self.end {
            return Ok(Vec::new());
        }
        let mut snapshots = self.reads.list_snapshots(stream, after, limit).await?;
        snapshots.retain(|snapshot| snapshot.position <= self.end);
        Ok(snapshots)
    }

    pub(super) async fn stream_version(&self, stream: &StreamId, until: Moment) -> Result<Version, StoreError> {
        self.reads.stream_version(stream, self.no_later(until)).await
    }

    pub(super) async fn stream_end(&self, stream: &StreamId) -> Result<StreamEnd, StoreError> {
        let version = self.stream_version(stream, Moment::Position(self.end)).await?;
        if version == Version::START {
            return Ok(StreamEnd::default());
        }
        let last = self.reads.read_stream(stream, version.before(), 1).await?;
        let position = last.first().map_or(Position::START, |last| last.position);
        Ok(StreamEnd { version, position })
    }

    pub(super) async fn read_commands(&self, ids: Vec<Uuid>) -> Result<Vec<Option<Committed<E>>>, StoreError> {
        let found = self.reads.read_commands(ids).await?;
        let known = |events: Committed<E>| {
            let count = self.count_known(&events);
            match count {
                0 => None,
                count if count == events.len() => Some(events),
                count => Some(Committed::whole(events[..count].into())),
            }
        };
        Ok(found.into_iter().map(|events| events.and_then(known)).collect())
    }

    /// The progress of a handler now, which may be beyond this end.
    pub(super) async fn read_progress(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        self.reads.read_progress(handler).await
    }

    /// The rows of a projection, unless later events are folded into them.
    pub(super) async fn read_projection(&self, projection: &str) -> Result<Option<StoredProjection>, StoreError> {
        let stored = self.reads.read_projection(projection).await?;
        Ok(stored.filter(|stored| stored.checkpoint() <= self.end))
    }

    /// The events after this end, at most as many as one read returns.
    pub(super) async fn next_events(&self, limit: usize) -> Result<Batch<E>, StoreError> {
        self.reads.read_all(self.end, limit).await
    }

    /// Fails when the base is closed.
    pub(super) async fn check_open(&self) -> Result<(), StoreError> {
        match self.reads.acknowledged() {
            Some(_) => Ok(()),
            None => self.reads.end().await.map(drop),
        }
    }

    pub(super) fn hash_at(&self, at: Position) -> HashingAt {
        (self.hash_at)(at)
    }

    /// The beginning of a page that is in this log.
    fn bounded(&self, page: Batch<E>) -> Batch<E> {
        match self.count_known(&page) {
            count if count == page.len() => page,
            count => page[..count].into(),
        }
    }

    fn count_known(&self, events: &[RecordedEvent<E>]) -> usize {
        events.partition_point(|event| event.position <= self.end)
    }

    /// The moment, or the end if that is earlier: later events have times of their own, which may be the same.
    fn no_later(&self, moment: Moment) -> Moment {
        if moment.includes(self.end, self.last_time) { Moment::Position(self.end) } else { moment }
    }
}

impl<E: 'static> Base<E> {
    pub(super) fn end(&self) -> Position {
        self.end
    }

    pub(super) fn last_time(&self) -> Timestamp {
        self.last_time
    }

    /// Whether the base is known to be open, without waiting.
    pub(super) fn is_certainly_open(&self) -> bool {
        self.reads.acknowledged().is_some()
    }
}
