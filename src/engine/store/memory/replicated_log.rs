//! What a log needs to be a replica's: to take back what was not accepted, and to take in what came from elsewhere.

use uuid::Uuid;

use super::log::{Log, as_u32};
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::store::{ArcStr, Snapshot};

/// Where a log ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    events: usize,
    last_command: Option<Uuid>,
    end: Position,
    last_time: Timestamp,
}

impl<E: DomainEvent> Log<E> {
    /// The log as it is now, to come back to.
    pub(super) fn mark(&self) -> Mark {
        let Self { events, commands, end, last_time, .. } = self;
        Mark { events: events.len(), last_command: commands.last(), end: *end, last_time: *last_time }
    }

    /// Forgets everything since a mark.
    pub(super) fn roll_back(&mut self, mark: Mark) {
        let Mark { events, last_command, end, last_time } = mark;
        while self.events.len() > events {
            let Some(event) = self.events.pop() else { break };
            if let Some(indices) = self.streams.get_mut(&event.stream) {
                indices.pop();
                if indices.is_empty() {
                    self.streams.remove(&event.stream);
                }
            }
            if let Some(snapshots) = self.snapshots.get_mut(&event.stream) {
                snapshots.pop_if(|snapshot| snapshot.position == event.position);
                if snapshots.is_empty() {
                    self.snapshots.remove(&event.stream);
                }
            }
            self.commands.remove(event.metadata.command_id, as_u32(self.events.len()));
        }
        self.commands.set_last(last_command);
        (self.end, self.last_time) = (end, last_time);
    }

    /// Adds an event that was stored elsewhere, with the state after it if that came along. Its place must be the next one.
    pub(super) fn add(&mut self, event: RecordedEvent<E>, is_first_of_command: bool, state: Option<ArcStr>) {
        let index = as_u32(self.events.len());
        if is_first_of_command {
            self.commands.insert(event.metadata.command_id, index);
        }
        if let Some(state) = state {
            let snapshot = Snapshot { version: event.version, position: event.position, time: event.time, state };
            self.snapshots.entry(event.stream.clone()).or_default().push(snapshot);
        }
        self.streams.entry(event.stream.clone()).or_default().push(index);
        (self.end, self.last_time) = (event.position, event.time);
        self.events.push(event);
    }

    /// The position of the event before this one in its stream, or 0.
    pub(super) fn previous_position(&self, stream: &StreamId, version: Version) -> u64 {
        let before = usize::try_from(version.get()).unwrap_or(usize::MAX).checked_sub(2);
        let indices = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        before.and_then(|before| indices.get(before)).map_or(0, |index| u64::from(*index) + 1)
    }

    /// The last version of a stream.
    pub(super) fn version(&self, stream: &StreamId) -> Version {
        Version::START.plus(self.streams.get(stream).map_or(0, Vec::len))
    }

    /// The state that was stored with an event.
    pub(super) fn state_at(&self, event: &RecordedEvent<E>) -> Option<&ArcStr> {
        let snapshots = self.snapshots.get(&event.stream)?;
        let found = snapshots.binary_search_by_key(&event.position, |snapshot| snapshot.position);
        found.ok().map(|index| &snapshots[index].state)
    }
}
