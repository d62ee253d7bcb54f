//! Checks that a log can have happened: its order here, and the domain's invariants.

use std::fmt;

use foldhash::HashMap;

use super::aggregate_kinds::Kinds;
use crate::engine::domain::Invariants;
use crate::engine::log::{Position, RecordedEvent, StreamId, Timestamp, Version};

/// A check of a log, event by event from the first.
pub(super) struct Audit<'a, E: 'static> {
    kinds: &'a Kinds<E>,
    invariants: Vec<Box<dyn Invariants<E>>>,
    position: Position,
    time: Timestamp,
    streams: HashMap<StreamId, Version>,
    events: u64,
}

impl<E: 'static> fmt::Debug for Audit<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").field("position", &self.position).field("events", &self.events).finish_non_exhaustive()
    }
}

impl<'a, E: 'static> Audit<'a, E> {
    pub(super) fn new(kinds: &'a Kinds<E>, invariants: Vec<Box<dyn Invariants<E>>>) -> Self {
        let (position, time, streams) = (Position::START, Timestamp::from_micros(i64::MIN), HashMap::default());
        Self { kinds, invariants, position, time, streams, events: 0 }
    }

    /// The number of events checked.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Each stream with its last version.
    pub(super) fn streams(&self) -> &HashMap<StreamId, Version> {
        &self.streams
    }

    /// Checks the next event. The error says what is wrong with it.
    pub(super) fn take(&mut self, event: &RecordedEvent<E>) -> Result<(), String> {
        let RecordedEvent { position, stream, version, time, metadata, data } = event;
        if *position <= self.position {
            return Err(format!("its position does not come after {}", self.position));
        }
        if *position != self.position.next() {
            return Err(format!("it follows position {}: what was between is missing", self.position));
        }
        if *time < self.time {
            return Err("its time is before that of the event before it".to_owned());
        }
        if !metadata.is_text() {
            return Err("a detail in its metadata is no text".to_owned());
        }
        if let Some(kind) = self.kinds.of(stream).filter(|kind| !kind.has(data)) {
            return Err(format!("it stands in the stream {stream}, and is none of {}", kind.category));
        }
        self.invariants.iter().try_for_each(|invariants| invariants.look_at(event))?;
        let follows = |last: Version| match *version == last.next() {
            true => Ok(*version),
            false => Err(format!("version {version} of its stream follows version {last}")),
        };
        match self.streams.get_mut(stream) {
            Some(last) => *last = follows(*last)?,
            None => {
                self.streams.insert(stream.clone(), follows(Version::START)?);
            }
        }
        self.invariants.iter_mut().try_for_each(|invariants| invariants.take(event))?;
        (self.position, self.time) = (*position, *time);
        self.events += 1;
        Ok(())
    }

    /// An error if the event checked last may not be imported.
    pub(super) fn admit(&self, event: &RecordedEvent<E>) -> Result<(), String> {
        self.invariants.iter().try_for_each(|invariants| invariants.admit(event))
    }
}
