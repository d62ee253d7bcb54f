//! Handlers' progress and parked events, kept until the process ends.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::engine::store::handler_records::{ParkedChange, ParkedEvent, Progress};

#[derive(Debug, Default)]
pub(in crate::engine::store) struct Records {
    progress: BTreeMap<String, Progress>,
    parked: BTreeMap<u64, ParkedEvent>,
    last_number: u64,
}

impl Records {
    pub(in crate::engine::store) fn progress(&self, handler: &str) -> Option<Progress> {
        self.progress.get(handler).cloned()
    }

    pub(in crate::engine::store) fn begin(&mut self, handler: String, start: Progress) -> Progress {
        self.progress.entry(handler).or_insert(start).clone()
    }

    pub(in crate::engine::store) fn write(&mut self, handler: String, progress: Progress, parked: ParkedChange) {
        self.progress.insert(handler, progress);
        match parked {
            ParkedChange::None => {}
            ParkedChange::Park(event) => {
                self.last_number += 1;
                let number = self.last_number;
                self.parked.insert(number, ParkedEvent { number, ..event });
            }
            ParkedChange::Keep(event) => {
                self.parked.insert(event.number, event);
            }
            ParkedChange::Remove { number } => {
                self.parked.remove(&number);
            }
        }
    }

    pub(in crate::engine::store) fn parked(&self, after: u64, limit: usize) -> Vec<ParkedEvent> {
        let numbers = (Bound::Excluded(after), Bound::Unbounded);
        self.parked.range(numbers).take(limit).map(|(_, event)| event.clone()).collect()
    }
}
