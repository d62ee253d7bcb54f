//! The upper log of an overlay: what was appended after the base.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;

use foldhash::HashMap;
use uuid::Uuid;

use super::base::StreamEnd;
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Batch, Moment, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::runtime::trace::trace_line;
use crate::engine::store::log_times::LogTimes;
use crate::engine::store::{Append, Appended, Committed, Conflict, MAX_READ, Rejected, Snapshot, SnapshotEntry};

pub(super) struct Upper<E> {
    base_end: Position,
    /// The event at an index has the position `base_end` plus the index plus one.
    events: Vec<RecordedEvent<E>>,
    streams: HashMap<StreamId, Stream>,
    /// The index of the first event of each command.
    commands: HashMap<Uuid, usize>,
    last_time: Timestamp,
    times: LogTimes,
}

/// A stream that was appended to here.
struct Stream {
    /// Where it ends in the base.
    base: StreamEnd,
    /// The indices of its events here, in order.
    indices: Vec<usize>,
    /// In order.
    snapshots: Vec<Snapshot>,
}

/// What the base knows of the streams and commands of a call.
pub(super) struct Known<E> {
    pub(super) streams: HashMap<StreamId, StreamEnd>,
    pub(super) commands: HashMap<Uuid, Committed<E>>,
}

impl<E> Default for Known<E> {
    fn default() -> Self {
        Self { streams: HashMap::default(), commands: HashMap::default() }
    }
}

impl Stream {
    fn version(&self) -> Version {
        self.base.version.plus(self.indices.len())
    }
}

impl<E> Upper<E> {
    /// Nothing yet, after a base that ends at a position and a time.
    pub(super) fn after(base_end: Position, last_time: Timestamp) -> Self {
        let (events, streams, commands) = (Vec::new(), HashMap::default(), HashMap::default());
        Self { base_end, events, streams, commands, last_time, times: LogTimes::default() }
    }

    /// The position of the last event of base and upper log.
    pub(super) fn end(&self) -> Position {
        self.base_end.plus(self.events.len())
    }

    pub(super) fn has_stream(&self, stream: &StreamId) -> bool {
        self.streams.contains_key(stream)
    }

    /// The position of the last event that each stream has in the base, for the streams that were appended to.
    pub(super) fn base_ends(&self) -> Vec<(StreamId, Position)> {
        self.streams.iter().map(|(stream, known)| (stream.clone(), known.base.position)).collect()
    }

    /// The version at which a stream ends in the base, if it was appended to since.
    pub(super) fn base_version(&self, stream: &StreamId) -> Option<Version> {
        Some(self.streams.get(stream)?.base.version)
    }

    fn positions_of<'a>(&'a self, stream: &StreamId) -> impl Iterator<Item = &'a RecordedEvent<E>> {
        self.streams.get(stream).into_iter().flat_map(|known| &known.indices).map(|index| &self.events[*index])
    }

    /// The version of the last event of a stream up to a moment, if one of them is here.
    pub(super) fn stream_version(&self, stream: &StreamId, until: Moment) -> Option<Version> {
        let happened = self.positions_of(stream).take_while(|event| until.is_after(event));
        happened.last().map(|event| event.version)
    }

    /// The last snapshot of a stream up to a moment, if it is here.
    pub(super) fn snapshot(&self, stream: &StreamId, until: Moment) -> Option<Snapshot> {
        let snapshots = &self.streams.get(stream)?.snapshots;
        let later = snapshots.partition_point(|snapshot| until.includes(snapshot.position, snapshot.time));
        snapshots[..later].last().cloned()
    }

    pub(super) fn list_snapshots(&self, stream: &StreamId, after: Position, limit: usize) -> Vec<SnapshotEntry> {
        let snapshots = self.streams.get(stream).map_or(&[][..], |known| &known.snapshots);
        let first = snapshots.partition_point(|snapshot| snapshot.position <= after);
        snapshots[first..].iter().take(limit).map(SnapshotEntry::from).collect()
    }
}

impl<E: DomainEvent> Upper<E> {
    pub(super) fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Vec<RecordedEvent<E>> {
        let Some(known) = self.streams.get(stream) else { return Vec::new() };
        let skipped = after.get().saturating_sub(known.base.version.get());
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX).min(known.indices.len());
        known.indices[skipped..].iter().take(limit).map(|index| self.events[*index].clone()).collect()
    }

    pub(super) fn read_all(&self, after: Position, limit: usize) -> Vec<RecordedEvent<E>> {
        let skipped = after.get().saturating_sub(self.base_end.get());
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX).min(self.events.len());
        self.events[skipped..].iter().take(limit).cloned().collect()
    }

    /// The events of a command that was appended here.
    pub(super) fn command(&self, id: Uuid) -> Option<Committed<E>> {
        let first = *self.commands.get(&id)?;
        let events = self.events[first..].iter().take_while(|event| event.metadata.command_id == id);
        Some(Committed::whole(events.cloned().collect()))
    }

    /// Appends, as every store does. Returns what was stored, and the answers.
    pub(super) fn append(&mut self, appends: Vec<Append<E>>, known: &Known<E>) -> (Batch<E>, Appended<E>) {
        let start = self.events.len();
        let mut rejected = BTreeMap::new();
        let ranges: Vec<_> = appends.into_iter().map(|append| self.record(append, known, &mut rejected)).collect();
        let commit: Batch<E> = self.events[start..].into();
        let committed = |range: Range<usize>| Committed::new(commit.clone(), range.start - start..range.end - start);
        let answers = ranges.into_iter().map(|range| range.map(committed)).collect();
        (commit, answers)
    }

    fn record(
        &mut self,
        append: Append<E>,
        known: &Known<E>,
        rejected: &mut BTreeMap<StreamId, Conflict>,
    ) -> Result<Range<usize>, Rejected<E>> {
        let Append { stream, expected_version: expected, time, metadata, events, snapshot, expected_end } = append;
        debug_assert!(!events.is_empty(), "an append carries an event");
        if let Some(conflict) = rejected.get(&stream) {
            return Err((*conflict).into());
        }
        let base = || known.streams.get(&stream).copied().unwrap_or_default();
        let actual = self.streams.get(&stream).map_or_else(|| base().version, Stream::version);
        let id = metadata.command_id;
        if let Some(stored) = self.command(id).or_else(|| known.commands.get(&id).cloned()) {
            rejected.insert(stream, Conflict { expected, actual });
            return Err(Rejected::Repeated(stored));
        }
        if actual != expected || !expected_end.allows(self.end()) {
            let conflict = Conflict { expected, actual };
            rejected.insert(stream, conflict);
            return Err(conflict.into());
        }
        let start = self.events.len();
        self.commands.insert(id, start);
        let time = self.times.next(self.last_time, time);
        self.last_time = time;
        let count = events.len();
        let end = self.end().plus(count);
        // The same as in every other store, so that all have the same hashes.
        let metadata = match &snapshot {
            Some(state) => metadata.with_snapshot(state),
            None => metadata,
        };
        let place = self.streams.entry(stream.clone());
        let place = place.or_insert_with(|| Stream { base: base(), indices: Vec::new(), snapshots: Vec::new() });
        if let Some(state) = snapshot {
            place.snapshots.push(Snapshot { version: actual.plus(count), position: end, time, state });
        }
        let of_command = iter::repeat_n((stream, metadata), count);
        for (data, (stream, metadata)) in events.into_iter().zip(of_command) {
            let position = self.base_end.plus(self.events.len()).next();
            let version = place.version().next();
            place.indices.push(self.events.len());
            trace_line!(metadata.correlation_id(), "Event Store Published Event");
            self.events.push(RecordedEvent { position, stream, version, time, metadata, data });
        }
        Ok(start..self.events.len())
    }
}

/// A page of at most so many events, of those in the base and those after it.
pub(super) fn page<E: Clone>(
    base: Batch<E>,
    limit: usize,
    more: impl FnOnce(usize) -> Vec<RecordedEvent<E>>,
) -> Batch<E> {
    debug_assert!(limit <= MAX_READ);
    if base.len() >= limit {
        return base;
    }
    let more = more(limit - base.len());
    match (base.is_empty(), more.is_empty()) {
        (_, true) => base,
        (true, false) => more.into(),
        (false, false) => base.iter().cloned().chain(more).collect(),
    }
}
