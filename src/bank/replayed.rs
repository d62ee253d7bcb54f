//! Events that have happened, as they are stored once more: in another store, and with the snapshots they should have.

use foldhash::HashMap;

use super::{Account, AccountEvent};
use crate::engine::aggregate::Aggregate as _;
use crate::engine::event::{RecordedEvent, StreamId};
use crate::engine::store::Append;

/// What has been stored once more so far.
pub(super) struct Replayed {
    snapshot_every: u64,
    /// For snapshots.
    states: HashMap<StreamId, Account>,
}

impl Replayed {
    /// Nothing yet. There is a snapshot each time after so many events of a stream.
    pub(super) fn new(snapshot_every: u64) -> Self {
        Self { snapshot_every, states: HashMap::default() }
    }

    /// The next events: those of each command together, as they were stored first.
    pub(super) fn appends(&mut self, events: Vec<RecordedEvent<AccountEvent>>) -> Vec<Append<AccountEvent>> {
        let mut appends: Vec<Append<AccountEvent>> = Vec::new();
        for event in events {
            let RecordedEvent { stream, version, time, metadata, data, .. } = event;
            let state = self.states.entry(stream.clone()).or_default();
            state.apply(&data);
            let is_due = version.get().is_multiple_of(self.snapshot_every);
            let snapshot = if is_due { state.snapshot().map(String::into_boxed_str) } else { None };
            match appends.last_mut() {
                Some(append) if append.metadata.command_id == metadata.command_id => {
                    append.events.push(data);
                    // A snapshot stands after the last event of a command.
                    if is_due || append.snapshot.is_some() {
                        append.snapshot = state.snapshot().map(String::into_boxed_str);
                    }
                }
                _ => {
                    let (expected_version, events) = (version.before(), vec![data]);
                    appends.push(Append { stream, expected_version, time, metadata, events, snapshot });
                }
            }
        }
        appends
    }
}
