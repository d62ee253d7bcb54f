//! Ids for commands: UUIDs of version 7. They grow with time, which keeps an index over them cheap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid};

use super::clock::Clock;
use crate::engine::log::Position;

/// 2^64 divided by the golden ratio. Multiplying by it spreads neighbouring numbers over the whole range.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Makes ids without a lock, from the time and a counter that starts at a random number.
#[derive(Debug)]
pub struct IdSource {
    clock: Arc<Clock>,
    counter: AtomicU64,
}

impl IdSource {
    /// Ids that are unique across processes.
    pub fn random(clock: Arc<Clock>) -> Self {
        let (high, low) = Uuid::new_v4().as_u64_pair();
        Self::starting_at(clock, high.rotate_left(32) ^ low)
    }

    /// The same ids for the same seed, given a clock that is repeatable too.
    pub fn seeded(clock: Arc<Clock>, seed: u64) -> Self {
        Self::starting_at(clock, seed.wrapping_mul(SPREAD))
    }

    fn starting_at(clock: Arc<Clock>, counter: u64) -> Self {
        Self { clock, counter: AtomicU64::new(counter) }
    }

    /// The same next ids, by a clock that was [forked](Clock::forked) from this one's. They are taken from none here.
    pub fn forked(&self, clock: Arc<Clock>) -> Self {
        Self::starting_at(clock, self.counter.load(Ordering::Relaxed))
    }

    /// The next id.
    pub fn next(&self) -> Uuid {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        // The variant of a UUID takes the top two bits of its last eight bytes. The counter's top two bits go into
        // the bytes before, so that none is lost.
        let mut random = [0; 10];
        random[1] = (count >> 62) as u8;
        random[2..].copy_from_slice(&count.to_be_bytes());
        let millis = u64::try_from(self.clock.now_roughly().as_micros() / 1_000).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// The clock and the ids for a store whose log ends at `end`: those of the machine, or derived from a seed. Those from a seed
/// also depend on `end`, so that a later run on the same log has new ids and later times.
pub fn time_and_ids(seed: Option<u64>, end: Position) -> (Arc<Clock>, IdSource) {
    let Some(seed) = seed else {
        let clock = Arc::new(Clock::System);
        return (clock.clone(), IdSource::random(clock));
    };
    // One second per event is more than the simulated clock advances for its command.
    let clock = Arc::new(Clock::simulated(seed.wrapping_add(end.get())));
    let ids = IdSource::seeded(clock.clone(), seed.wrapping_add(end.get().wrapping_mul(SPREAD)));
    (clock, ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_uuids_of_version_7() {
        let ids = IdSource::random(Arc::new(Clock::System));
        let first = ids.next();
        let second = ids.next();
        assert_eq!(first.get_version_num(), 7);
        assert_ne!(first, second);
    }

    #[test]
    fn equal_seeds_make_equal_ids_and_others_do_not() {
        let make = |seed| IdSource::seeded(Arc::new(Clock::simulated(seed)), seed).next();
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }

    #[test]
    fn a_seed_makes_new_ids_on_a_longer_log() {
        let make = |end| {
            let (clock, ids) = time_and_ids(Some(7), Position::new(end));
            (ids.next(), clock.now())
        };
        assert_eq!(make(3), make(3));
        let (before, after) = (make(3), make(4));
        assert!(before.0 != after.0 && before.1 < after.1, "{before:?} {after:?}");
    }
}
