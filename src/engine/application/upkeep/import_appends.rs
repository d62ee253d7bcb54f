//! Past events as appends to another store, with new snapshots.

use std::collections::hash_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use foldhash::HashMap;

use super::Upkeep;
use super::aggregate_kinds::Replay;
use crate::engine::log::{RecordedEvent, StreamId};
use crate::engine::runtime::panic_message;
use crate::engine::store::{Append, ArcStr, ExpectedEnd, StoreError};

/// Turns a log into appends, page by page.
pub(super) struct Replayed<E: 'static> {
    upkeep: Arc<Upkeep<E>>,
    snapshot_every: u64,
    /// The states that snapshots are made of; `None` for kinds of aggregate that the application does not have.
    states: HashMap<StreamId, Option<Box<dyn Replay<E>>>>,
}

impl<E: 'static> Replayed<E> {
    /// Before the first event. Each stream keeps its snapshots, though at most one every `snapshot_every` events.
    pub(super) fn new(upkeep: Arc<Upkeep<E>>, snapshot_every: u64) -> Self {
        Self { upkeep, snapshot_every, states: HashMap::default() }
    }

    /// Appends for the next events of the log, one for each command.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]: an aggregate cannot apply an event of its stream.
    pub(super) fn appends(&mut self, events: Vec<RecordedEvent<E>>) -> Result<Vec<Append<E>>, StoreError> {
        let appends = catch_unwind(AssertUnwindSafe(|| self.try_appends(events)));
        appends.unwrap_or_else(|panic| {
            let message = format!("an aggregate panicked: {}", panic_message(panic.as_ref()));
            Err(StoreError::Failed(message.into()))
        })
    }

    fn try_appends(&mut self, events: Vec<RecordedEvent<E>>) -> Result<Vec<Append<E>>, StoreError> {
        let (mut appends, mut due): (Vec<Append<E>>, bool) = (Vec::new(), false);
        for event in events {
            let state = match self.states.entry(event.stream.clone()) {
                Entry::Occupied(state) => state.into_mut(),
                Entry::Vacant(entry) => {
                    let kind = self.upkeep.kinds.of(&event.stream);
                    entry.insert(kind.map(|kind| kind.replay(&event.stream)))
                }
            };
            if let Some(state) = state {
                state.take(&event)?;
            }
            let RecordedEvent { stream, version, time, metadata, data, .. } = event;
            let is_due = version.get().is_multiple_of(self.snapshot_every);
            match appends.last_mut() {
                Some(append) if append.metadata.command_id == metadata.command_id => {
                    append.events.push(data);
                    due |= is_due;
                }
                _ => {
                    let (expected_version, events) = (version.before(), vec![data]);
                    let (snapshot, expected_end) = (None, ExpectedEnd::ANY);
                    appends.push(Append { stream, expected_version, time, metadata, events, snapshot, expected_end });
                    due = is_due;
                }
            }
            let Some(append) = appends.last_mut().filter(|_| due) else { continue };
            // A snapshot covers whole commands. Metadata stay the same, so only the snapshots that they name are stored.
            let snapshot = match append.metadata.snapshot() {
                Some(_) => state.as_ref().and_then(|state| state.snapshot()),
                None => None,
            };
            let named = snapshot.filter(|state| append.metadata.names_snapshot(state));
            append.snapshot = named.map(ArcStr::from);
        }
        Ok(appends)
    }
}
