//! An index of stored commands.
//!
//! Ids that are made from the time grow with it, so a new one is usually greater than all before it: one comparison shows
//! that it is new, and its event is appended to a sorted list. Only out-of-order ids are hashed, and those that are made
//! from a name or at random, which would be in no order.

use foldhash::HashMap;
use uuid::{Uuid, Version};

use super::segments::Segments;

/// Where the first event of each command is.
#[derive(Debug, Default)]
pub(super) struct CommandIds {
    /// The greatest of those in order.
    last: Option<Uuid>,
    /// Without the ids, which the events have.
    in_order: Segments<u32>,
    out_of_order: HashMap<Uuid, u32>,
}

impl CommandIds {
    /// The first event of a command. `id_of` tells the command of an event.
    pub(super) fn find(&self, id: Uuid, id_of: impl Fn(u32) -> Uuid) -> Option<u32> {
        if has_no_order(id) {
            return self.out_of_order.get(&id).copied();
        }
        if self.last.is_none_or(|last| last < id) {
            return None;
        }
        let found = self.in_order.partition_point(|event| id_of(*event) < id);
        let in_order = (found < self.in_order.len()).then(|| *self.in_order.at(found));
        in_order.filter(|event| id_of(*event) == id).or_else(|| self.out_of_order.get(&id).copied())
    }

    /// Adds a new id.
    pub(super) fn insert(&mut self, id: Uuid, event: u32) {
        if has_no_order(id) || self.last.is_some_and(|last| last > id) {
            self.out_of_order.insert(id, event);
        } else {
            self.last = Some(id);
            self.in_order.push(event);
        }
    }

    /// The greatest of the ids in order.
    pub(super) fn last(&self) -> Option<Uuid> {
        self.last
    }

    /// Sets the greatest id, after those above were removed.
    pub(super) fn set_last(&mut self, last: Option<Uuid>) {
        self.last = last;
    }

    /// Removes an id if that event is the first of its command. Ids are removed in the reverse order.
    pub(super) fn remove(&mut self, id: Uuid, event: u32) {
        let last = self.in_order.len().checked_sub(1).map(|last| *self.in_order.at(last));
        if last == Some(event) {
            self.in_order.pop();
        } else if self.out_of_order.get(&id) == Some(&event) {
            self.out_of_order.remove(&id);
        }
    }

    /// The memory of the index, in bytes, as long as all ids are in order.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.in_order.bytes()
    }
}

/// Whether ids of this kind do not grow with time. A process manager's begin with a time, and within a millisecond they are
/// in no order either.
fn has_no_order(id: Uuid) -> bool {
    matches!(id.get_version(), Some(Version::Md5 | Version::Random | Version::Sha1 | Version::Custom))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_whatever_order_they_came() {
        let mut ids = CommandIds::default();
        let numbers: Vec<u128> = (0..1_000).map(|number| (number * 7_919) % 1_009).collect();
        let id_of = |event: u32| Uuid::from_u128(numbers[event as usize]);
        for (index, number) in numbers.iter().enumerate() {
            let id = Uuid::from_u128(*number);
            assert!(ids.find(id, id_of).is_none(), "{number} is new");
            ids.insert(id, u32::try_from(index).unwrap());
            for (earlier, number) in numbers[..=index].iter().enumerate() {
                let found = ids.find(Uuid::from_u128(*number), id_of);
                assert_eq!(found, Some(u32::try_from(earlier).unwrap()));
            }
        }
        assert!(!ids.out_of_order.is_empty() && ids.in_order.len() > 1, "both ways were taken");
    }

    #[test]
    fn ids_that_are_derived_from_others_leave_those_of_the_time_in_order() {
        let mut ids = CommandIds::default();
        let of_time = |number: u32| Uuid::from_u128(u128::from(number) << 96 | 7 << 76 | 2 << 62);
        let derived = |number: u32| Uuid::new_v5(&Uuid::nil(), &number.to_be_bytes());
        let id_of = |event: u32| if event.is_multiple_of(2) { of_time(event) } else { derived(event) };
        for event in 0..1_000 {
            assert!(ids.find(id_of(event), id_of).is_none());
            ids.insert(id_of(event), event);
            assert_eq!(ids.find(id_of(event), id_of), Some(event));
        }
        assert_eq!((ids.in_order.len(), ids.out_of_order.len()), (500, 500));
        for event in (0..1_000).rev() {
            assert_eq!(ids.find(id_of(event), id_of), Some(event));
            ids.remove(id_of(event), event);
            ids.set_last((event > 0).then(|| of_time((event - 1) / 2 * 2)));
            assert_eq!(ids.find(id_of(event), id_of), None);
        }
        assert!(ids.out_of_order.is_empty() && ids.in_order.len() == 0);
    }
}
