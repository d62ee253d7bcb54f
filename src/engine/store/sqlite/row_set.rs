//! A table's rows as a set: how many there are, and a combination of their hashes.
//!
//! Each row has a hash of its own, which says nothing about rows that are gone, that were added, or that are older
//! than the rest. A set does, in whatever order its rows came, and costs one addition for each row that changes.

use crate::engine::store::hash_chain::Hash;

const LANES: usize = 4;
const LANE_BYTES: usize = 8;

/// How many rows there are, and what their hashes add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RowSet {
    pub(super) rows: u64,
    /// The lanes of the hashes, each added on its own, and what overflows is dropped.
    sum: [u64; LANES],
}

impl RowSet {
    /// As it was written down.
    pub(super) fn stored(rows: u64, hash: Hash) -> Self {
        Self { rows, sum: lanes(&hash) }
    }

    /// A row that was not there.
    pub(super) fn add(&mut self, row: &Hash) {
        self.rows = self.rows.wrapping_add(1);
        self.sum.iter_mut().zip(lanes(row)).for_each(|(sum, lane)| *sum = sum.wrapping_add(lane));
    }

    /// A row that is gone.
    pub(super) fn remove(&mut self, row: &Hash) {
        // More rows may go than were counted, where the file was changed by others: then the set fits nothing.
        self.rows = self.rows.saturating_sub(1);
        self.sum.iter_mut().zip(lanes(row)).for_each(|(sum, lane)| *sum = sum.wrapping_sub(lane));
    }

    /// What the rows' hashes add up to.
    pub(super) fn hash(&self) -> Hash {
        let mut hash = [0; LANES * LANE_BYTES];
        let lanes = hash.chunks_exact_mut(LANE_BYTES).zip(self.sum);
        lanes.for_each(|(bytes, lane)| bytes.copy_from_slice(&lane.to_be_bytes()));
        hash
    }

    /// How the rows that were found are not this set, in words; nothing where they are.
    pub(super) fn difference(self, found: Self) -> Option<String> {
        let Self { rows, .. } = self;
        match found.rows {
            _ if found == self => None,
            count if count < rows => Some(format!("rows are missing: {count} of {rows} are there")),
            count if count > rows => Some(format!("rows were added: there are {count}, not {rows}")),
            _ => Some("some are not the rows that were written last".to_owned()),
        }
    }
}

fn lanes(hash: &Hash) -> [u64; LANES] {
    std::array::from_fn(|lane| {
        let bytes = &hash[lane * LANE_BYTES..(lane + 1) * LANE_BYTES];
        bytes.iter().fold(0, |lane, byte| lane << 8 | u64::from(*byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::hash_chain::row_hash;

    fn row(text: &str) -> Hash {
        row_hash(&[text.as_bytes()])
    }

    fn set(rows: &[&str]) -> RowSet {
        let mut set = RowSet::default();
        rows.iter().for_each(|text| set.add(&row(text)));
        set
    }

    #[test]
    fn a_set_is_its_rows_whatever_order_they_came_in() {
        let mut changed = set(&["a", "b", "c"]);
        changed.remove(&row("a"));
        changed.add(&row("d"));
        assert_eq!(changed, set(&["d", "c", "b"]));
        assert_eq!(RowSet::stored(changed.rows, changed.hash()), changed);
        changed.remove(&row("b"));
        changed.remove(&row("c"));
        changed.remove(&row("d"));
        assert_eq!(changed, RowSet::default());
    }

    #[test]
    fn what_has_become_of_a_set_is_told() {
        let expected = set(&["a", "b"]);
        assert_eq!(expected.difference(set(&["b", "a"])), None);
        let told = |rows| expected.difference(set(rows)).unwrap();
        assert_eq!(told(&["a"]), "rows are missing: 1 of 2 are there");
        assert_eq!(told(&["a", "b", "c"]), "rows were added: there are 3, not 2");
        assert_eq!(told(&["a", "older b"]), "some are not the rows that were written last");
    }
}
