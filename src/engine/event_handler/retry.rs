//! How long to wait before a handler tries an event again.

use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use foldhash::fast::FixedState;

use crate::engine::log::Position;

/// Delays that double with each attempt, and the number of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The delay after the first attempt.
    pub first: Duration,
    /// The longest delay.
    pub longest: Duration,
    /// The number of attempts after which an event is parked. 0 means 1: every event is tried.
    pub attempts: u32,
}

impl Default for RetryPolicy {
    /// About a minute in all.
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(30), attempts: 10 }
    }
}

impl RetryPolicy {
    /// Whether an event is parked after so many attempts.
    pub fn gives_up_after(&self, attempts: u32) -> bool {
        attempts >= self.attempts.max(1)
    }

    /// The delay after an attempt, counted from 1. Up to half of it is left off, so that handlers that failed together do
    /// not retry together. The jitter depends only on the handler and the event, so that runs can be repeated.
    pub fn delay(&self, handler: &str, position: Position, attempt: u32) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        let longest = doubled.min(self.longest);
        let left_off = FixedState::default().hash_one((handler, Spot(position), attempt)) as u32 % 512;
        longest - longest / 1_024 * left_off
    }
}

#[derive(Hash)]
struct Spot(Position);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_differ_a_little() {
        let policy = RetryPolicy { first: Duration::from_millis(100), longest: Duration::from_secs(2), attempts: 9 };
        let delay = |position, attempt| policy.delay("mail", Position::new(position), attempt);
        for (attempt, full) in [(1, 100), (2, 200), (3, 400), (5, 1_600), (6, 2_000), (40, 2_000), (u32::MAX, 2_000)] {
            for position in 0..100 {
                let full = Duration::from_millis(full);
                assert!((full / 2..=full).contains(&delay(position, attempt)), "attempt {attempt}");
            }
        }
        let (first, longest) = (Duration::MAX, Duration::MAX);
        for position in 0..5_000 {
            let delay = RetryPolicy { first, longest, attempts: 9 }.delay("mail", Position::new(position), 3);
            assert!(delay >= Duration::MAX / 2);
        }
        assert_ne!(delay(1, 1), delay(2, 1));
        assert_eq!(delay(1, 1), delay(1, 1));
    }
}
