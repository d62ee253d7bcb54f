//! A checksum over a set of rows: their number, and the sum of their hashes.
//!
//! A row's own hash does not reveal rows that were removed, added or restored from an older state. The checksum does,
//! independent of their order, at the cost of one addition per changed row.

use crate::engine::store::hash_chain::Hash;

const LANES: usize = 4;
const LANE_BYTES: usize = 8;

/// The number of rows, and the sum of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) struct RowSet {
    pub(in crate::engine::store::sqlite) rows: u64,
    /// The hashes' lanes, each summed with wrapping.
    sum: [u64; LANES],
}

impl RowSet {
    /// A set as recorded in the file.
    pub(in crate::engine::store::sqlite) fn stored(rows: u64, hash: Hash) -> Self {
        Self { rows, sum: lanes(&hash) }
    }

    /// Adds a row.
    pub(in crate::engine::store::sqlite) fn add(&mut self, row: &Hash) {
        self.rows = self.rows.wrapping_add(1);
        self.sum.iter_mut().zip(lanes(row)).for_each(|(sum, lane)| *sum = sum.wrapping_add(lane));
    }

    /// Removes a row.
    pub(in crate::engine::store::sqlite) fn remove(&mut self, row: &Hash) {
        // If others changed the file, more rows may be removed than were counted; the set then matches nothing.
        self.rows = self.rows.saturating_sub(1);
        self.sum.iter_mut().zip(lanes(row)).for_each(|(sum, lane)| *sum = sum.wrapping_sub(lane));
    }

    /// The sum of the rows' hashes.
    pub(in crate::engine::store::sqlite) fn hash(&self) -> Hash {
        let mut hash = [0; LANES * LANE_BYTES];
        let lanes = hash.chunks_exact_mut(LANE_BYTES).zip(self.sum);
        lanes.for_each(|(bytes, lane)| bytes.copy_from_slice(&lane.to_be_bytes()));
        hash
    }

    /// Describes how `found` differs from this set; `None` if it does not.
    pub(in crate::engine::store::sqlite) fn difference(self, found: Self) -> Option<String> {
        let Self { rows, .. } = self;
        match found.rows {
            _ if found == self => None,
            count if count < rows => Some(format!("rows are missing: {count} of {rows} are there")),
            count if count > rows => Some(format!("rows were added: there are {count}, not {rows}")),
            _ => Some("some rows are not the ones last written".to_owned()),
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
    fn a_set_does_not_depend_on_the_order_of_its_rows() {
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
    fn differences_are_described() {
        let expected = set(&["a", "b"]);
        assert_eq!(expected.difference(set(&["b", "a"])), None);
        let told = |rows| expected.difference(set(rows)).unwrap();
        assert_eq!(told(&["a"]), "rows are missing: 1 of 2 are there");
        assert_eq!(told(&["a", "b", "c"]), "rows were added: there are 3, not 2");
        assert_eq!(told(&["a", "older b"]), "some rows are not the ones last written");
    }
}
