//! The log: commits in order, with indexes of the events of each stream and command.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;

use foldhash::HashMap;
use uuid::Uuid;

use super::command_ids::CommandIds;
use super::event_index::Place;
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Batch, Moment, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::runtime::trace::trace_line;
use crate::engine::store::log_times::LogTimes;
use crate::engine::store::{Append, Appended, Committed, Conflict, MAX_READ, Rejected, Snapshot, SnapshotEntry};

#[derive(Debug)]
pub(super) struct Log<E> {
    commits: Vec<Batch<E>>,
    /// The places of each stream's events, ordered by version.
    streams: HashMap<StreamId, Vec<Place>>,
    /// The snapshots of each stream that has any, in order.
    snapshots: HashMap<StreamId, Vec<Snapshot>>,
    /// The place of each command's first event.
    commands: CommandIds,
    end: Position,
    last_time: Timestamp,
    times: LogTimes,
    /// The events of the next commit. Empty between appends; kept to reuse its allocation.
    recorded: Vec<RecordedEvent<E>>,
}

type AppendedRange<E> = Result<Range<usize>, Rejected<E>>;

impl<E> Default for Log<E> {
    fn default() -> Self {
        Self {
            commits: Vec::new(),
            streams: HashMap::default(),
            snapshots: HashMap::default(),
            commands: CommandIds::default(),
            end: Position::START,
            last_time: Timestamp::from_micros(i64::MIN),
            times: LogTimes::default(),
            recorded: Vec::new(),
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
        // An append is as large as several answers, so these take the place of the appends in their allocation.
        let ranges: Vec<_> = appends.into_iter().map(|append| self.record(append, &mut rejected)).collect();
        let commit: Batch<E> = self.recorded.drain(..).collect();
        if !commit.is_empty() {
            self.commits.push(commit.clone());
        }
        let committed = |range| Committed::new(commit.clone(), range);
        let answers = ranges.into_iter().map(|range| range.map(committed)).collect();
        (commit, answers)
    }

    /// Adds events to the next commit, unless they conflict or follow a rejected append.
    fn record(&mut self, append: Append<E>, rejected: &mut BTreeMap<StreamId, Conflict>) -> AppendedRange<E> {
        let Append { stream, expected_version: expected, time, metadata, events, snapshot, expected_end } = append;
        debug_assert!(!events.is_empty(), "an append carries an event");
        if let Some(conflict) = rejected.get(&stream) {
            return Err((*conflict).into());
        }
        let known = self.streams.get_mut(&stream);
        let actual = Version::START.plus(known.as_ref().map_or(0, |places| places.len()));
        let place = Place::at(as_u32(self.commits.len()), as_u32(self.recorded.len()));
        // Checked before the version: a stored command has also moved the stream on, and `Repeated` says more than a
        // conflict.
        if let Some(first) = self.commands.find(metadata.command_id) {
            rejected.insert(stream, Conflict { expected, actual });
            return Err(Rejected::Repeated(self.committed(first, metadata.command_id)));
        }
        if actual != expected || !expected_end.allows(self.end) {
            let conflict = Conflict { expected, actual };
            rejected.insert(stream, conflict);
            return Err(conflict.into());
        }
        self.commands.insert(metadata.command_id, place);
        let places = match known {
            Some(places) => places,
            None => self.streams.entry(stream.clone()).or_default(),
        };
        let time = self.times.next(self.last_time, time);
        self.last_time = time;
        let start = self.recorded.len();
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
            places.push(Place::at(place.commit, as_u32(self.recorded.len())));
            let version = Version::START.plus(places.len());
            trace_line!(metadata.correlation_id, "Event Store Published Event");
            self.recorded.push(RecordedEvent { position: self.end, stream, version, time, metadata, data });
        }
        Ok(start..self.recorded.len())
    }

    pub(super) fn read_stream(&self, stream: &StreamId, after: Version, limit: usize) -> Batch<E> {
        let places = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let start = usize::try_from(after.get()).unwrap_or(usize::MAX).min(places.len());
        places[start..].iter().take(limit.min(MAX_READ)).map(|place| self.event_at(*place).clone()).collect()
    }

    fn event_at(&self, place: Place) -> &RecordedEvent<E> {
        &self.commits[place.commit as usize][place.index as usize]
    }

    /// The version of the last event of a stream up to a moment.
    pub(super) fn stream_version(&self, stream: &StreamId, until: Moment) -> Version {
        let places = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        Version::START.plus(places.partition_point(|place| until.is_after(self.event_at(*place))))
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
        self.commands.find(command_id).map(|first| self.committed(first, command_id))
    }

    /// The events of a command, which are contiguous, from its first.
    fn committed(&self, first: Place, command_id: Uuid) -> Committed<E> {
        let start = first.index as usize;
        let is_of_command = |event: &&RecordedEvent<E>| event.metadata.command_id == command_id;
        match self.commits.get(first.commit as usize) {
            Some(commit) => {
                let count = commit[start..].iter().take_while(is_of_command).count();
                Committed::new(commit.clone(), start..start + count)
            }
            // The command is repeated within one call, so its events are not committed yet.
            None => {
                let events: Batch<E> = self.recorded[start..].iter().take_while(is_of_command).cloned().collect();
                let end = events.len();
                Committed::new(events, 0..end)
            }
        }
    }

    pub(super) fn read_all(&self, after: Position, limit: usize) -> Batch<E> {
        let first = self.commits.partition_point(|commit| commit.last().is_some_and(|event| event.position <= after));
        self.commits[first..]
            .iter()
            .flat_map(|commit| commit.iter())
            .skip_while(|event| event.position <= after)
            .take(limit.min(MAX_READ))
            .cloned()
            .collect()
    }
}

#[expect(clippy::expect_used, reason = "2^32 commits of 150 bytes are more memory than this store is for")]
fn as_u32(number: usize) -> u32 {
    u32::try_from(number).expect("the memory store holds at most 2^32 commits")
}

#[cfg(test)]
mod tests {
    use crate::engine::store::{Append, AppendAnswer};

    #[test]
    fn the_answers_fit_into_the_allocation_of_the_appends() {
        let (append, answer) = (size_of::<Append<()>>(), size_of::<AppendAnswer<()>>());
        assert_eq!(append % answer, 0, "{append} {answer}");
    }
}
