//! The overlay as an event store: the base first, and then what was appended to it.

use tokio::sync::broadcast;
use uuid::Uuid;

use super::OverlayStore;
use super::upper::{Known, page};
use crate::engine::log::{Batch, Moment, Position, StreamId, Version};
use crate::engine::runtime::trace::Conversations;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{
    Append, Appended, Committed, EventStore, MAX_READ, Published, Snapshot, SnapshotEntry, StoreError,
};

impl<E: StoredEvent> EventStore<E> for OverlayStore<E> {
    async fn append(&self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        // What the base knows up to its end never changes, so it is asked before the lock.
        let known = self.known_in_base(&appends).await?;
        let mut upper = self.upper();
        let after = upper.end();
        let (commit, answers) = upper.append(appends, &known);
        if !commit.is_empty() {
            let (events, correlation_ids) = (commit.len(), Conversations(&commit));
            tracing::debug!(events, end = upper.end().get(), %correlation_ids, "commit");
            // Under the lock, so that subscribers hear of commits in order.
            self.inner.publisher.publish(Published { after, events: commit });
        }
        Ok(answers)
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError> {
        let limit = limit.min(MAX_READ);
        let is_beyond_base = self.upper().base_version(stream).is_some_and(|version| version <= after);
        let base = match is_beyond_base {
            true => Batch::from([]),
            false => self.inner.base.read_stream(stream, after, limit).await?,
        };
        Ok(page(base, limit, |limit| self.upper().read_stream(stream, after, limit)))
    }

    async fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> Result<(Option<Snapshot>, Batch<E>), StoreError> {
        let limit = limit.min(MAX_READ);
        let snapshot = self.upper().snapshot(stream, until);
        if let Some(snapshot) = snapshot {
            let events = self.upper().read_stream(stream, snapshot.version, limit);
            return Ok((Some(snapshot), events.into()));
        }
        let (snapshot, base) = self.inner.base.read_from_snapshot(stream, until, limit).await?;
        let after = snapshot.as_ref().map_or(Version::START, |snapshot| snapshot.version);
        Ok((snapshot, page(base, limit, |limit| self.upper().read_stream(stream, after, limit))))
    }

    async fn list_snapshots(
        &self,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<SnapshotEntry>, StoreError> {
        let limit = limit.min(MAX_READ);
        let mut snapshots = self.inner.base.list_snapshots(stream, after, limit).await?;
        let more = self.upper().list_snapshots(stream, after, limit - snapshots.len());
        snapshots.extend(more);
        Ok(snapshots)
    }

    async fn stream_version(&self, stream: &StreamId, until: Moment) -> Result<Version, StoreError> {
        let here = self.upper().stream_version(stream, until);
        match here {
            Some(version) => Ok(version),
            None => self.inner.base.stream_version(stream, until).await,
        }
    }

    async fn read_commands(&self, command_ids: Vec<Uuid>) -> Result<Vec<Option<Committed<E>>>, StoreError> {
        let mut found: Vec<_> = {
            let upper = self.upper();
            command_ids.iter().map(|id| upper.command(*id)).collect()
        };
        let missing: Vec<_> = (0..found.len()).filter(|index| found[*index].is_none()).collect();
        if !missing.is_empty() {
            let ids = missing.iter().map(|index| command_ids[*index]).collect();
            for (index, events) in missing.into_iter().zip(self.inner.base.read_commands(ids).await?) {
                found[index] = events;
            }
        }
        Ok(found)
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        let limit = limit.min(MAX_READ);
        let base = self.inner.base.read_all(after, limit).await?;
        Ok(page(base, limit, |limit| self.upper().read_all(after, limit)))
    }

    async fn end(&self) -> Result<Position, StoreError> {
        self.inner.base.check_open().await?;
        Ok(self.upper().end())
    }

    fn acknowledged(&self) -> Option<Position> {
        self.inner.base.is_certainly_open().then(|| self.upper().end())
    }

    fn published(&self) -> broadcast::Receiver<Published<E>> {
        self.inner.publisher.listeners().subscribe()
    }
}

impl<E: StoredEvent> OverlayStore<E> {
    /// What the base knows of the commands of a call, and of those of its streams that were not appended to yet.
    async fn known_in_base(&self, appends: &[Append<E>]) -> Result<Known<E>, StoreError> {
        let mut known = Known::default();
        let ids: Vec<_> = appends.iter().map(|append| append.metadata.command_id).collect();
        if ids.is_empty() {
            return Ok(known);
        }
        let found = self.inner.base.read_commands(ids.clone()).await?;
        known.commands.extend(ids.into_iter().zip(found).filter_map(|(id, events)| Some((id, events?))));
        for Append { stream, .. } in appends {
            let is_new = !known.streams.contains_key(stream) && !self.upper().has_stream(stream);
            if is_new {
                known.streams.insert(stream.clone(), self.inner.base.stream_end(stream).await?);
            }
        }
        Ok(known)
    }
}
