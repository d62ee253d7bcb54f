//! What would be lost if the program forgot a sync: each is left out of a record once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::campaign::{Broken, Campaign};
use super::disk::{CallId, Inode};
use super::promises::Promises;
use super::record::{Call, Record, Step};
use super::replay::Replay;
use super::states::Thoroughness;

/// Syncs of one file or directory that are left out together.
#[derive(Clone, Debug)]
pub(crate) struct Syncs {
    /// What they are, for people.
    pub(crate) what: String,
    inode: Inode,
    calls: BTreeSet<CallId>,
    /// How many statements were answered before.
    pub(crate) answered: usize,
    /// From the first of them to the next sync of the same, which makes up for them.
    pub(crate) steps: RangeInclusive<usize>,
}

/// All syncs of a record, each alone, in order.
pub(crate) fn each_sync(record: &Record) -> Vec<Syncs> {
    let nothing_omitted = BTreeSet::new();
    let mut replay = Replay::new(record, &Promises::default(), &nothing_omitted);
    let (mut syncs, mut last): (Vec<Syncs>, BTreeMap<Inode, usize>) = (Vec::new(), BTreeMap::new());
    let mut answered = 0;
    for (number, step) in record.steps.iter().enumerate() {
        let (Step::Began(call) | Step::Ended(call)) = *step;
        if let (Call::Answer { lines, .. }, Step::Began(_)) = (&record.calls[call], step) {
            answered += lines;
        }
        for inode in replay.synced_by(*step) {
            if let Some(earlier) = last.insert(inode, syncs.len()) {
                let steps = &mut syncs[earlier].steps;
                *steps = *steps.start()..=number;
            }
            let what = format!("{} (call {call})", record.calls[call]);
            let calls = BTreeSet::from([call]);
            syncs.push(Syncs { what, inode, calls, answered, steps: number..=record.steps.len() });
        }
        replay.step(*step);
    }
    syncs
}

/// Where there are several of one file and no answer between them, all of them: each may make up for the others.
pub(crate) fn taken_together(syncs: &[Syncs]) -> Vec<Syncs> {
    let mut together: BTreeMap<(usize, Inode), Syncs> = BTreeMap::new();
    for one in syncs {
        let syncs = together.entry((one.answered, one.inode)).or_insert_with(|| one.clone());
        if syncs.calls.is_disjoint(&one.calls) {
            syncs.what.push_str(" and ");
            syncs.what.push_str(&one.what);
        }
        syncs.calls.extend(&one.calls);
        syncs.steps = *syncs.steps.start()..=*one.steps.end();
    }
    together.into_values().filter(|syncs| syncs.calls.len() > 1).collect()
}

impl Syncs {
    /// Whether they are about a file, by its name at the time.
    pub(crate) fn of_file(&self, record: &Record, name: &str) -> bool {
        let is_of = |id: &CallId| matches!(&record.calls[*id], Call::Sync { file } if file.path.as_os_str() == name);
        self.calls.iter().all(is_of)
    }

    /// A state that breaks a promise when they are left out, if there is any among those that are looked at: so many
    /// steps from the first of them on.
    pub(crate) fn without(
        &self,
        record: &Record,
        steps: usize,
        thoroughness: Thoroughness,
        seed: u64,
    ) -> Option<Broken> {
        let from = *self.steps.start();
        let campaign = Campaign {
            record,
            earlier: &Promises::default(),
            omitted: self.calls.clone(),
            steps: from..=from.saturating_add(steps).min(*self.steps.end()),
            thoroughness,
            seed,
        };
        campaign.run().broken
    }
}
