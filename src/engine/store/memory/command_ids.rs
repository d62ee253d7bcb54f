//! An index of stored commands.
//!
//! Command ids grow with time, so a new one is usually greater than all before it: one comparison shows that it is new,
//! and it is appended to a sorted list. Only out-of-order ids are hashed.

use foldhash::HashMap;
use uuid::Uuid;

use super::event_index::Place;

#[derive(Debug, Default)]
pub(super) struct CommandIds {
    in_order: Vec<(Uuid, Place)>,
    out_of_order: HashMap<Uuid, Place>,
}

impl CommandIds {
    pub(super) fn find(&self, id: Uuid) -> Option<Place> {
        match self.in_order.last() {
            Some((last, _)) if *last >= id => {}
            _ => return None,
        }
        let found = self.in_order.binary_search_by(|(known, _)| known.cmp(&id));
        found.map(|found| self.in_order[found].1).ok().or_else(|| self.out_of_order.get(&id).copied())
    }

    /// Adds a new id.
    pub(super) fn insert(&mut self, id: Uuid, place: Place) {
        match self.in_order.last() {
            Some((last, _)) if *last > id => {
                self.out_of_order.insert(id, place);
            }
            _ => self.in_order.push((id, place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_whatever_order_they_came() {
        let mut ids = CommandIds::default();
        let numbers: Vec<u128> = (0..1_000).map(|number| (number * 7_919) % 1_009).collect();
        for (index, number) in numbers.iter().enumerate() {
            let id = Uuid::from_u128(*number);
            assert!(ids.find(id).is_none(), "{number} is new");
            ids.insert(id, Place::at(0, u32::try_from(index).unwrap()));
            for (earlier, number) in numbers[..=index].iter().enumerate() {
                let found = ids.find(Uuid::from_u128(*number));
                assert_eq!(found, Some(Place::at(0, u32::try_from(earlier).unwrap())));
            }
        }
        assert!(!ids.out_of_order.is_empty() && ids.in_order.len() > 1, "both ways were taken");
    }
}
