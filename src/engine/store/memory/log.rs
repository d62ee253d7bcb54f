//! The log: events in order, with indexes of the events of each stream and command.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;

use foldhash::HashMap;
use uuid::Uuid;

use super::command_ids::CommandIds;
use super::events::Events;
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Batch, Moment, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::runtime::trace::trace_line;
use crate::engine::store::log_times::LogTimes;
use crate::engine::store::{Append, Appended, Committed, Conflict, MAX_READ, Rejected, Snapshot, SnapshotEntry};

#[derive(Debug)]
pub(super) struct Log<E> {
    /// An event's index is its position less one.
    pub(super) events: Events<E>,
    /// The indices of each stream's events, ordered by version.
    pub(super) streams: HashMap<StreamId, Vec<u32>>,
    /// The snapshots of each stream that has any, in order.
    pub(super) snapshots: HashMap<StreamId, Vec<Snapshot>>,
    pub(super) commands: CommandIds,
    pub(super) end: Position,
    pub(super) last_time: Timestamp,
    times: LogTimes,
}

/// An append's result before the commit exists: the indices of its events.
pub(super) type AppendedRange<E> = Result<Range<usize>, Rejected<E>>;

impl<E> Default for Log<E> {
    fn default() -> Self {
        Self {
            events: Events::default(),
            streams: HashMap::default(),
            snapshots: HashMap::default(),
            commands: CommandIds::default(),
            end: Position::START,
            last_time: Timestamp::from_micros(i64::MIN),
            times: LogTimes::default(),
        }
    }
}

impl<E: DomainEvent> Log<E> {
    /// The position of the last event.
    pub(super) fn end(&self) -> Position {
        self.end
    }

    pub(super) fn append(&mut self, appends: Vec<Append<E>>) -> (Batch<E>, Appended<E>) {
        let mut rejected = BTreeMap::new();
        let start = self.events.len();
        // An append is as large as several answers, so these take the place of the appends in their allocation.
        let ranges: Vec<_> = appends.into_iter().map(|append| self.record(append, &mut rejected)).collect();
        let commit = self.events.commit();
        let committed = |range: Range<usize>| Committed::new(commit.clone(), range.start - start..range.end - start);
        let answers = ranges.into_iter().map(|range| range.map(committed)).collect();
        (commit, answers)
    }

    /// Appends events, unless they conflict or follow a rejected append. Returns their indices.
    pub(super) fn record(
        &mut self,
        append: Append<E>,
        rejected: &mut BTreeMap<StreamId, Conflict>,
    ) -> AppendedRange<E> {
        let Append { stream, expected_version: expected, time, metadata, events, snapshot, expected_end } = append;
        debug_assert!(!events.is_empty(), "an append carries an event");
        if let Some(conflict) = rejected.get(&stream) {
            return Err((*conflict).into());
        }
        let known = self.streams.get_mut(&stream);
        let actual = Version::START.plus(known.as_ref().map_or(0, |indices| indices.len()));
        // Checked before the version: a stored command has also moved the stream on, and `Repeated` says more than a
        // conflict.
        let command_of = |index| self.events.at(index as usize).metadata.command_id;
        if let Some(first) = self.commands.find(metadata.command_id, command_of) {
            rejected.insert(stream, Conflict { expected, actual });
            return Err(Rejected::Repeated(self.committed(first, metadata.command_id)));
        }
        if actual != expected || !expected_end.allows(self.end) {
            let conflict = Conflict { expected, actual };
            rejected.insert(stream, conflict);
            return Err(conflict.into());
        }
        let start = self.events.len();
        self.commands.insert(metadata.command_id, as_u32(start));
        let indices = match known {
            Some(indices) => indices,
            None => self.streams.entry(stream.clone()).or_default(),
        };
        let time = self.times.next(self.last_time, time);
        self.last_time = time;
        let count = events.len();
        let (end, version) = (self.end.plus(count), actual.plus(count));
        // The same as in a file, so that both stores have the same hashes.
        let metadata = match &snapshot {
            Some(state) => metadata.with_snapshot(state),
            None => metadata,
        };
        if let Some(state) = snapshot {
            let snapshot = Snapshot { version, position: end, time, state };
            self.snapshots.entry(stream.clone()).or_default().push(snapshot);
        }
        let of_command = iter::repeat_n((stream, metadata), count);
        for (data, (stream, metadata)) in events.into_iter().zip(of_command) {
            self.end = self.end.next();
            indices.push(as_u32(self.events.len()));
            let version = Version::START.plus(indices.len());
            trace_line!(metadata.correlation_id(), "Event Store Published Event");
            self.events.push(RecordedEvent { position: self.end, stream, version, time, metadata, data });
        }
        Ok(start..self.events.len())
    }

    pub(super) fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Batch<E> {
        let indices = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let start = usize::try_from(after.get()).unwrap_or(usize::MAX).min(indices.len());
        indices[start..].iter().take(limit.min(MAX_READ)).map(|index| self.event_at(*index).clone()).collect()
    }

    fn event_at(&self, index: u32) -> &RecordedEvent<E> {
        self.events.at(index as usize)
    }

    /// The version of the last event of a stream up to a moment.
    pub(super) fn stream_version(&self, stream: &StreamId, until: Moment) -> Version {
        let indices = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        Version::START.plus(indices.partition_point(|index| until.is_after(self.event_at(*index))))
    }

    /// The latest snapshot of a stream up to a moment.
    pub(super) fn snapshot(&self, stream: &StreamId, until: Moment) -> Option<Snapshot> {
        let snapshots = self.snapshots.get(stream)?;
        let later = snapshots.partition_point(|snapshot| until.includes(snapshot.position, snapshot.time));
        snapshots[..later].last().cloned()
    }

    /// The snapshots of a stream after a position.
    pub(super) fn list_snapshots(&self, stream: &StreamId, after: Position, limit: usize) -> Vec<SnapshotEntry> {
        let snapshots = self.snapshots.get(stream).map_or(&[][..], Vec::as_slice);
        let first = snapshots.partition_point(|snapshot| snapshot.position <= after);
        snapshots[first..].iter().take(limit.min(MAX_READ)).map(SnapshotEntry::from).collect()
    }

    /// The events of a command.
    pub(super) fn command(&self, command_id: Uuid) -> Option<Committed<E>> {
        let first = self.commands.find(command_id, |index| self.event_at(index).metadata.command_id);
        first.map(|first| self.committed(first, command_id))
    }

    /// The events of a command, which are contiguous, from its first.
    fn committed(&self, first: u32, command_id: Uuid) -> Committed<E> {
        let events = self.events.slices_from(first as usize).flatten();
        let is_of_command = |event: &&RecordedEvent<E>| event.metadata.command_id == command_id;
        Committed::whole(events.take_while(is_of_command).cloned().collect())
    }

    pub(super) fn read_all(&self, after: Position, limit: usize) -> Batch<E> {
        let start = usize::try_from(after.get()).unwrap_or(usize::MAX);
        self.events.slices_from(start).flatten().take(limit.min(MAX_READ)).cloned().collect()
    }
}

#[expect(clippy::expect_used, reason = "2^32 events of 100 bytes are more memory than this store is for")]
pub(super) fn as_u32(number: usize) -> u32 {
    u32::try_from(number).expect("the memory store holds at most 2^32 events")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::log::Metadata;
    use crate::engine::store::{AppendAnswer, ExpectedEnd};

    /// As large as the events of most domains.
    #[derive(Clone, Debug)]
    struct Happened([u64; 5]);

    impl DomainEvent for Happened {
        fn event_type(&self) -> &'static str {
            "happened"
        }
    }

    impl<E> Log<E> {
        /// The memory that grows with the number of events, but for what they point to.
        fn bytes(&self) -> usize {
            let indices: usize = self.streams.values().map(Vec::capacity).sum();
            self.events.bytes() + self.commands.bytes() + indices * size_of::<u32>()
        }
    }

    fn append(stream: &StreamId, version: usize, command: usize) -> Append<Happened> {
        Append {
            stream: stream.clone(),
            expected_version: Version::START.plus(version),
            time: Timestamp::from_micros(0),
            metadata: Metadata::from_outside(Uuid::from_u128(command as u128)),
            events: vec![Happened([command as u64; 5])],
            snapshot: None,
            expected_end: ExpectedEnd::ANY,
        }
    }

    #[test]
    fn an_event_takes_little_more_memory_than_its_fields() {
        const STREAMS: usize = 100;
        // One more than a power of two for each stream, after which the indices have the most room left.
        const VERSIONS: usize = 513;
        for at_once in [1, 300] {
            let streams: Vec<_> = (0..STREAMS).map(|number| StreamId::new("test", &number)).collect();
            let mut log = Log::default();
            let mut appends =
                (0..STREAMS * VERSIONS).map(|event| append(&streams[event % STREAMS], event / STREAMS, event));
            loop {
                let batch: Vec<_> = appends.by_ref().take(at_once).collect();
                let count = batch.len();
                if count == 0 {
                    break;
                }
                let (commit, answers) = log.append(batch);
                assert!(commit.len() == count && answers.iter().all(Result::is_ok));
            }
            let each = log.bytes() / (STREAMS * VERSIONS);
            let fields = size_of::<RecordedEvent<Happened>>();
            assert!(fields <= 104 && each <= fields + 14, "{each} bytes for {fields}, {at_once} at once");
        }
    }

    #[test]
    fn a_commit_of_thousands_is_answered_event_by_event() {
        let streams: Vec<_> = (0..3_000).map(|number| StreamId::new("test", &number)).collect();
        let mut log = Log::default();
        log.append(vec![append(&streams[0], 0, 1)]);
        let appends = streams[1..].iter().enumerate().map(|(number, stream)| append(stream, 0, number + 2));
        let again = append(&streams[7], 1, 5);
        let (commit, answers) = log.append(appends.chain([again]).collect());
        assert_eq!(commit.len(), streams.len() - 1);
        for (number, answer) in answers.iter().enumerate() {
            let stored = match answer {
                Ok(stored) => stored,
                Err(Rejected::Repeated(stored)) if number == streams.len() - 1 => stored,
                Err(rejected) => panic!("{rejected:?}"),
            };
            let expected = if number == streams.len() - 1 { 5 } else { number as u64 + 2 };
            assert!(stored.len() == 1 && stored[0].data.0[0] == expected, "{number}: {stored:?}");
        }
        let read = log.read_all(Position::new(1_000), MAX_READ);
        let positions: Vec<_> = read.iter().map(|event| event.position.get()).collect();
        assert_eq!(positions, (1_001..=1_000 + read.len() as u64).collect::<Vec<_>>());
    }

    #[test]
    fn the_answers_fit_into_the_allocation_of_the_appends() {
        let (append, answer) = (size_of::<Append<()>>(), size_of::<AppendAnswer<()>>());
        assert_eq!(append % answer, 0, "{append} {answer}");
    }
}
