//! The clock that stamps events, as a parameter, so that a run can be repeated to the byte.
//!
//! Waits do not use this clock but the runtime's timers, which tests may pause. With a store in a file,
//! [a paused clock causes trouble](crate::engine::store::sqlite#paused-time).

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::engine::log::Timestamp;

/// A source of timestamps.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that advances one millisecond per reading, from a fixed start.
    Simulated {
        /// The last moment handed out, in microseconds since 1970.
        last: AtomicI64,
    },
}

impl Clock {
    /// 2026-01-01T00:00:00Z, in microseconds since 1970: the start of the simulated clock with seed 0.
    const SIMULATED_START: i64 = 1_767_225_600_000_000;
    const SIMULATED_STEP: i64 = 1_000;

    /// A clock that returns the same times in every run with the same seed. It starts `seed` seconds after the beginning
    /// of 2026, modulo about thirty years.
    pub const fn simulated(seed: u64) -> Self {
        let seconds = (seed % 1_000_000_000).cast_signed();
        Self::Simulated { last: AtomicI64::new(Self::SIMULATED_START + seconds * 1_000_000) }
    }

    /// A clock that goes on from the same time, and moves this one no more.
    pub fn forked(&self) -> Self {
        match self {
            Self::System => Self::System,
            Self::Simulated { last } => Self::Simulated { last: AtomicI64::new(last.load(Ordering::Relaxed)) },
        }
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::from_micros(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| {
                // Does not overflow for 290,000 years.
                since.as_secs().cast_signed() * 1_000_000 + i64::from(since.subsec_micros())
            })),
            Self::Simulated { last } => {
                Timestamp::from_micros(last.fetch_add(Self::SIMULATED_STEP, Ordering::Relaxed) + Self::SIMULATED_STEP)
            }
        }
    }

    /// The current time, without advancing a simulated clock: for a look that leaves no trace in the log.
    pub fn reached(&self) -> Timestamp {
        match self {
            Self::System => self.now(),
            Self::Simulated { last } => Timestamp::from_micros(last.load(Ordering::Relaxed)),
        }
    }

    /// The time of a command that is sent now, where it must not depend on which commands are decided together: that of a
    /// simulated clock. The machine's clock is read once for all of them, which costs less.
    pub fn at_sending(&self) -> Option<Timestamp> {
        match self {
            Self::System => None,
            Self::Simulated { .. } => Some(self.now()),
        }
    }

    /// The current time, at most a few milliseconds late. Faster to read on Linux, and exact enough for ids that grow with
    /// time.
    pub fn now_roughly(&self) -> Timestamp {
        match self {
            #[cfg(target_os = "linux")]
            Self::System => {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
                Timestamp::from_micros(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)
            }
            _ => self.now(),
        }
    }
}
