//! Judges histories: whether one order of operations explains every answer that was heard, and keeps to the order in
//! which things were asked and answered. The [`order`] is looked for of one thing at a time.
//!
//! Whoever asks records when it asked and when it heard. An operation whose answer never came may have happened at any
//! time after it was asked for, or not at all.

#![allow(dead_code, reason = "each test file uses its part of this")]

pub(crate) mod account;
pub(crate) mod bank;
pub(crate) mod bank_log;
pub(crate) mod book;
pub(crate) mod order;

use std::fmt::{Debug, Write as _};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use self::order::{Verdict, explain};

/// When an answer came that never did.
pub(crate) const NEVER: i64 = i64::MAX;

/// So long one thing's history is looked at. Most take milliseconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// So many deeds that have changed something are shown before the answer that cannot be.
const SHOWN: usize = 3;

/// So many places are tried at which a history might begin that is shown.
const BEGINNINGS: usize = 200;

/// Counts moments: what has a smaller number was before.
#[derive(Debug, Default)]
pub(crate) struct Ticks(AtomicI64);

impl Ticks {
    pub(crate) fn next(&self) -> i64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// Something that operations act on one after the other.
pub(crate) trait Thing: Clone + Debug + Send + Sync + 'static {
    type State: Clone + Debug + Eq + Hash + Send + Sync;
    type Deed: Clone + Debug + Send + Sync;

    fn beginning() -> Self::State;

    /// What it is after a deed with its answer; `None` where that could not be the answer.
    fn after(state: &Self::State, deed: &Self::Deed) -> Option<Self::State>;

    /// Whether the deed leaves everything as it is.
    fn is_question(deed: &Self::Deed) -> bool;
}

/// A deed and when it was done.
#[derive(Clone, Debug)]
pub(crate) struct Entry<D> {
    pub(crate) called: i64,
    pub(crate) returned: i64,
    pub(crate) deed: D,
    /// The operation it belongs to, for people.
    pub(crate) text: Arc<str>,
}

fn verdict<T: Thing>(beginning: &T::State, entries: &[Entry<T::Deed>]) -> Verdict<T::State> {
    explain::<T>(beginning, entries, PATIENCE)
}

fn is_inexplicable<T: Thing>(beginning: &T::State, entries: &[Entry<T::Deed>]) -> bool {
    verdict::<T>(beginning, entries) == Verdict::Inexplicable
}

/// Judges the history of one thing.
///
/// # Errors
///
/// A history as short as could be found that no order explains, for people.
pub(crate) fn judge<T: Thing>(name: &str, mut entries: Vec<Entry<T::Deed>>) -> Result<(), String> {
    entries.retain(|entry| entry.returned != NEVER || !T::is_question(&entry.deed));
    entries.sort_by_key(|entry| entry.called);
    let beginning = T::beginning();
    match verdict::<T>(&beginning, &entries) {
        Verdict::Explained(_) => Ok(()),
        Verdict::Unknown => Err(format!("{name}: {} operations are too many to judge", entries.len())),
        Verdict::Inexplicable => Err(shown::<T>(name, &shortest::<T>(beginning, entries))),
    }
}

struct Shortest<T: Thing> {
    beginning: T::State,
    entries: Vec<Entry<T::Deed>>,
}

/// What was known at a moment: what had been called, and answered if it was.
fn up_to<T: Thing>(entries: &[Entry<T::Deed>], moment: i64) -> Vec<Entry<T::Deed>> {
    let called = entries.iter().filter(|entry| entry.called <= moment).cloned();
    let known =
        called.map(|entry| Entry { returned: if entry.returned <= moment { entry.returned } else { NEVER }, ..entry });
    known.filter(|entry| entry.returned != NEVER || !T::is_question(&entry.deed)).collect()
}

fn shortest<T: Thing>(beginning: T::State, entries: Vec<Entry<T::Deed>>) -> Shortest<T> {
    let mut found = Shortest { beginning, entries };
    // The answer with which it became inexplicable.
    let mut answers: Vec<_> = found.entries.iter().map(|entry| entry.returned).filter(|at| *at != NEVER).collect();
    answers.sort_unstable();
    let explained =
        answers.partition_point(|moment| !is_inexplicable::<T>(&found.beginning, &up_to::<T>(&found.entries, *moment)));
    if let Some(moment) = answers.get(explained) {
        found.entries = up_to::<T>(&found.entries, *moment);
    }
    // What happened before a moment at which nothing was under way is told by how things stood then.
    let shorter = later_beginnings::<T>(&found).find(|later| is_inexplicable::<T>(&later.beginning, &later.entries));
    found = shorter.unwrap_or(found);
    // Questions that it stays inexplicable without.
    for place in (0..found.entries.len()).rev() {
        if T::is_question(&found.entries[place].deed) {
            let mut entries = found.entries.clone();
            entries.remove(place);
            if is_inexplicable::<T>(&found.beginning, &entries) {
                found.entries = entries;
            }
        }
    }
    found
}

/// The same history, begun later and later; the latest comes first.
fn later_beginnings<T: Thing>(history: &Shortest<T>) -> impl Iterator<Item = Shortest<T>> {
    let entries = &history.entries;
    let mut places = Vec::new();
    let mut latest = -1;
    for (place, entry) in entries.iter().enumerate() {
        if latest < entry.called && place > 0 {
            places.push(place);
        }
        latest = latest.max(entry.returned);
    }
    let changes = |place: &usize| entries[*place..].iter().filter(|entry| !T::is_question(&entry.deed)).count();
    places.retain(|place| changes(place) >= SHOWN);
    places.into_iter().rev().take(BEGINNINGS).filter_map(|place| {
        let (before, after) = entries.split_at(place);
        match verdict::<T>(&history.beginning, before) {
            Verdict::Explained(beginning) => Some(Shortest { beginning, entries: after.to_vec() }),
            Verdict::Inexplicable | Verdict::Unknown => None,
        }
    })
}

fn shown<T: Thing>(name: &str, history: &Shortest<T>) -> String {
    let mut text =
        format!("{name}: no order explains these answers. At the beginning it is {:?}.\n", history.beginning);
    for entry in &history.entries {
        let returned = if entry.returned == NEVER { "…".to_owned() } else { entry.returned.to_string() };
        let _ = writeln!(text, "  [{:>8} {returned:>8}]  {}  ({:?})", entry.called, entry.text, entry.deed);
    }
    text
}
