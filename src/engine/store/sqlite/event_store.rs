//! The store's events: appends go to the writer, reads to the readers.

use tokio::sync::{broadcast, oneshot};
use uuid::Uuid;

use super::SqliteStore;
use super::log_writer::requests::WriteRequest;
use super::tables::format::Format;
use super::tables::log_links::LogEnd;
use super::tables::snapshots;
use crate::engine::log::{Batch, Moment, Position, RecordedEvent, StreamId, Version};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::encoded_append::EncodedAppend;
use crate::engine::store::{Append, Appended, Committed, EventStore, Published, Snapshot, SnapshotEntry, StoreError};

impl<E: StoredEvent> EventStore<E> for SqliteStore<E> {
    async fn append(&self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        let (reply, answer) = oneshot::channel();
        // Here, so that the writer need not.
        let appends = appends.into_iter().map(EncodedAppend::new).collect::<Result<_, _>>()?;
        self.write(WriteRequest::Append { appends, reply }, answer).await
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError> {
        let stream = stream.clone();
        let events = self.read(move |connection, log| log.read_stream(connection, &stream, after, limit)).await?;
        self.raise_seen(&events);
        Ok(events.into())
    }

    async fn read_from_snapshot(
        &self,
        stream: &StreamId,
        until: Moment,
        limit: usize,
    ) -> Result<(Option<Snapshot>, Batch<E>), StoreError> {
        let stream = stream.clone();
        let read = self.read(move |connection, log| {
            let snapshot = match log.format(connection)? {
                Format::First => None,
                Format::Second => snapshots::read_snapshot(connection, log, stream.as_str(), until)?,
            };
            let after = snapshot.as_ref().map_or(Version::START, |snapshot| snapshot.version);
            Ok((snapshot, log.read_stream(connection, &stream, after, limit)?))
        });
        let (snapshot, events) = read.await?;
        if let Some(snapshot) = &snapshot {
            self.acknowledged.raise_seen(snapshot.position.get());
        }
        self.raise_seen(&events);
        Ok((snapshot, events.into()))
    }

    async fn list_snapshots(
        &self,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<SnapshotEntry>, StoreError> {
        let stream = stream.clone();
        let read = self.read(move |connection, log| match log.format(connection)? {
            Format::First => Ok(Vec::new()),
            Format::Second => snapshots::list_snapshots(connection, log, stream.as_str(), after, limit),
        });
        let entries = read.await?;
        if let Some(last) = entries.last() {
            self.acknowledged.raise_seen(last.position.get());
        }
        Ok(entries)
    }

    async fn stream_version(&self, stream: &StreamId, until: Moment) -> Result<Version, StoreError> {
        let stream = stream.clone();
        self.read(move |connection, log| log.stream_version(connection, &stream, until)).await
    }

    async fn read_commands(&self, command_ids: Vec<Uuid>) -> Result<Vec<Option<Committed<E>>>, StoreError> {
        let read = self.read(move |connection, log| {
            let commands = command_ids.into_iter().map(|command_id| log.read_command(connection, command_id));
            commands.collect::<Result<Vec<_>, _>>()
        });
        let whole = |events: Vec<RecordedEvent<E>>| {
            self.raise_seen(&events);
            Committed::whole(events.into())
        };
        Ok(read.await?.into_iter().map(|events| events.map(whole)).collect())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError> {
        let events = self.read(move |connection, log| log.read_all(connection, after, limit)).await?;
        self.raise_seen(&events);
        Ok(events.into())
    }

    async fn come_up_to_date(&self) -> Result<(), StoreError> {
        match &self.replica {
            Some(replica) => replica.come_up_to_date().await,
            None => Ok(()),
        }
    }

    async fn end(&self) -> Result<Position, StoreError> {
        self.come_up_to_date().await?;
        let end = self.read(|connection, _| Ok(LogEnd::read(connection)?)).await?.end;
        self.acknowledged.raise_seen(end.position);
        Ok(Position::new(end.position))
    }

    fn acknowledged(&self) -> Option<Position> {
        // Only a log knows what was acknowledged by the programs that share it.
        if self.writes.is_closed() || self.replica.is_some() {
            None
        } else {
            self.acknowledged.position().map(Position::new)
        }
    }

    fn look(&self) {
        // If the queue is full, the next commit publishes other processes' commits.
        if self.acknowledged.request_look() && self.writes.try_send(WriteRequest::Look).is_err() {
            self.acknowledged.end_look_request();
        }
    }

    fn published(&self) -> broadcast::Receiver<Published<E>> {
        self.listeners.subscribe()
    }
}
