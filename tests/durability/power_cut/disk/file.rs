//! What a file holds, and what a cut leaves of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::CallId;
use crate::random::Random;

/// What a disk writes whole or not at all, in bytes.
pub(crate) const SECTOR: usize = 512;

/// The contents of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    pub(super) safe: Arc<Vec<u8>>,
    /// The size that programs see.
    pub(super) size: usize,
    /// What was done since, in order.
    pub(super) unsafe_changes: Vec<Change>,
    /// How many changes have become safe.
    pub(super) made_safe: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) call: CallId,
    /// Whether the call has come back: a sync that begins before does not wait for it.
    pub(super) done: bool,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Write { at: usize, data: Arc<[u8]> },
    Resize { to: usize },
}

/// What a cut leaves of the changes of a file that are not safe. Changes are named by their places among them.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    /// What sectors hold.
    pub(crate) sectors: Sectors,
    /// The file has the size that it had after so many changes, and was cut as often as by then.
    pub(crate) size_after: usize,
}

/// A sector holds what it held at some moment since the last sync.
#[derive(Clone, Debug)]
pub(crate) enum Sectors {
    /// What they held after so many changes.
    After(usize),
    /// The newest, but where this change has written: there what was before it.
    Without(usize),
    /// The oldest, but where this change has written: there what it wrote.
    Only(usize),
    /// Any of it.
    Torn(Random),
}

impl Sectors {
    /// How many of the changes that have written to a sector it has seen.
    fn seen(&mut self, written_by: &[usize]) -> usize {
        let before = |place: usize| written_by.partition_point(|other| *other < place);
        match self {
            Self::After(changes) => before(*changes),
            Self::Without(place) if written_by.contains(place) => before(*place),
            Self::Without(_) => written_by.len(),
            Self::Only(place) if written_by.contains(place) => before(*place) + 1,
            Self::Only(_) => 0,
            Self::Torn(random) => random.place(written_by.len() + 1),
        }
    }
}

impl File {
    /// The place of a call among the changes.
    pub(crate) fn place_of(&self, call: CallId) -> Option<usize> {
        self.unsafe_calls().position(|other| other == call)
    }

    /// The calls that have changed the file since it was synced.
    pub(crate) fn unsafe_calls(&self) -> impl ExactSizeIterator<Item = CallId> {
        self.unsafe_changes.iter().map(|change| change.call)
    }

    /// Whether a change has given the file a size, other than by writing at its end.
    pub(crate) fn is_resize(&self, place: usize) -> bool {
        matches!(self.unsafe_changes[place].kind, Kind::Resize { .. })
    }

    fn size_after(&self, changes: usize) -> usize {
        self.unsafe_changes[..changes].iter().fold(self.safe.len(), |size, change| match &change.kind {
            Kind::Write { at, data } => size.max(at + data.len()),
            Kind::Resize { to } => *to,
        })
    }

    pub(super) fn make_safe(&mut self, up_to: usize) {
        let count = up_to.saturating_sub(self.made_safe).min(self.unsafe_changes.len());
        let safe = Arc::make_mut(&mut self.safe);
        for change in self.unsafe_changes.drain(..count) {
            match change.kind {
                Kind::Write { at, data } => put(safe, at, &data),
                Kind::Resize { to } => safe.resize(to, 0),
            }
        }
        self.made_safe += count;
    }

    pub(super) fn after_cut(&self, Left { mut sectors, size_after }: Left) -> Arc<Vec<u8>> {
        if self.unsafe_changes.is_empty() {
            return self.safe.clone();
        }
        let mut written_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, change) in self.unsafe_changes.iter().enumerate() {
            if let Kind::Write { at, data } = &change.kind {
                sectors_of(*at, data.len()).for_each(|sector| written_by.entry(sector).or_default().push(place));
            }
        }
        // For each sector, the first change that it has not seen.
        let unseen = |(sector, places): (usize, Vec<usize>)| {
            let seen = sectors.seen(&places);
            (sector, places.get(seen).copied().unwrap_or(usize::MAX))
        };
        let unseen: HashMap<_, _> = written_by.into_iter().map(unseen).collect();

        let mut contents = self.safe.to_vec();
        // Where the file was cut, and the disk does not know it, what was written behind that place later has none.
        let mut cut_at = usize::MAX;
        for (place, change) in self.unsafe_changes.iter().enumerate() {
            match &change.kind {
                Kind::Resize { to } if place < size_after => contents.resize(*to, 0),
                Kind::Resize { to } => cut_at = cut_at.min(*to),
                Kind::Write { at, data } => {
                    for sector in sectors_of(*at, data.len()) {
                        let from = (*at).max(sector * SECTOR);
                        let to = (at + data.len()).min((sector + 1) * SECTOR);
                        if place < unseen[&sector] && from < cut_at {
                            put(&mut contents, from, &data[from - at..to - at]);
                        }
                    }
                }
            }
        }
        contents.resize(self.size_after(size_after), 0);
        contents.into()
    }
}

fn put(contents: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if contents.len() < end {
        contents.resize(end, 0);
    }
    contents[at..end].copy_from_slice(data);
}

/// The sectors that bytes lie in.
fn sectors_of(at: usize, length: usize) -> std::ops::Range<usize> {
    at / SECTOR..(at + length).div_ceil(SECTOR)
}
