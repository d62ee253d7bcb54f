//! A Bloom filter of the commands that caused others. With it, a fold of a long log need not look up the answers to events
//! that have none.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use uuid::Uuid;

use crate::engine::domain::DomainEvent;
use crate::engine::store::{EventStore, LogPages, StoreError};

const WORDS: usize = 1 << 17;

/// The commands that caused others. False positives are possible, false negatives are not.
pub(super) struct CausingCommands {
    bits: Box<[u64]>,
}

impl CausingCommands {
    /// The causes in a whole log.
    pub(super) async fn read<E: DomainEvent, S: EventStore<E>>(store: &S) -> Result<Self, StoreError> {
        let mut causes = Self { bits: vec![0; WORDS].into_boxed_slice() };
        let mut pages = LogPages::up_to(store, store.end().await?);
        while let Some(page) = pages.next().await? {
            for metadata in page.iter().map(|event| &event.metadata) {
                if metadata.causation_id() != metadata.command_id {
                    causes.add(metadata.causation_id());
                }
            }
        }
        Ok(causes)
    }

    fn add(&mut self, command_id: Uuid) {
        for (word, bit) in bits_of(command_id) {
            self.bits[word] |= bit;
        }
    }

    pub(super) fn may_contain(&self, command_id: Uuid) -> bool {
        bits_of(command_id).into_iter().all(|(word, bit)| self.bits[word] & bit != 0)
    }
}

/// The word and the bit of each of an id's two hashes.
fn bits_of(command_id: Uuid) -> [(usize, u64); 2] {
    let hash = FixedState::default().hash_one(command_id);
    [hash, hash.rotate_left(32)].map(|hash| ((hash >> 6) as usize % WORDS, 1 << (hash % 64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_found_with_few_false_positives() {
        let mut causes = CausingCommands { bits: vec![0; WORDS].into_boxed_slice() };
        let id = |number: u128| Uuid::from_u128(number << 80 | 7);
        (0..100_000).for_each(|number| causes.add(id(number)));
        assert!((0..100_000).all(|number| causes.may_contain(id(number))));
        let others = (100_000..200_000).filter(|number| causes.may_contain(id(*number))).count();
        assert!(others < 1_000, "{others} of 100,000");
    }
}
