//! Compares the snapshots of a file with a replay of the events, while the log is read anyway.

use foldhash::HashMap;

use super::aggregate_kinds::{Kinds, Replay};
use crate::engine::log::{Position, RecordedEvent, StreamId};
use crate::engine::store::{Snapshot, StoreError};

/// The streams that have snapshots, each with a replay of its events so far.
pub(super) struct SnapshotReplays<E: 'static> {
    streams: HashMap<StreamId, SnapshotReplay<E>>,
    count: u64,
    /// The first difference.
    problem: Option<(Position, String)>,
}

struct SnapshotReplay<E: 'static> {
    replay: Box<dyn Replay<E>>,
    /// The snapshots still to come, latest first.
    snapshots: Vec<Snapshot>,
}

impl<E: 'static> Default for SnapshotReplays<E> {
    fn default() -> Self {
        Self { streams: HashMap::default(), count: 0, problem: None }
    }
}

impl<E: 'static> SnapshotReplays<E> {
    /// Adds a stream before its first event. `snapshots` are those of the stream, latest first.
    pub(super) fn add(&mut self, kinds: &Kinds<E>, stream: StreamId, snapshots: Vec<Snapshot>) {
        let Some(kind) = kinds.of(&stream).filter(|_| !snapshots.is_empty()) else { return };
        self.count += snapshots.len() as u64;
        let replay = kind.replay(&stream);
        self.streams.insert(stream, SnapshotReplay { replay, snapshots });
    }

    /// Applies the next event of the log, and compares the snapshot that follows it, if there is one.
    pub(super) fn take(&mut self, event: &RecordedEvent<E>) -> Result<(), StoreError> {
        let Some(SnapshotReplay { replay, snapshots }) = self.streams.get_mut(&event.stream) else { return Ok(()) };
        replay.take(event)?;
        let Some(snapshot) = snapshots.pop_if(|snapshot| snapshot.version == event.version) else { return Ok(()) };
        if self.problem.is_none() && (snapshot.position != event.position || replay.differs_from(&snapshot.state)) {
            let problem = format!("the snapshot of {} is not what its events make of it", event.stream);
            self.problem = Some((snapshot.position, problem));
        }
        if snapshots.is_empty() {
            self.streams.remove(&event.stream);
        }
        Ok(())
    }

    /// The number of snapshots, if they are all what their events make of them; otherwise the first problem.
    pub(super) fn finish(self) -> Result<u64, (Position, String)> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let left =
            self.streams.into_iter().filter_map(|(stream, left)| Some((left.snapshots.last()?.position, stream)));
        match left.min_by_key(|(position, _)| *position) {
            None => Ok(self.count),
            Some((position, stream)) => Err((position, format!("a snapshot of {stream} stands after no event"))),
        }
    }
}
