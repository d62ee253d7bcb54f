//! What can be made to go wrong.

use std::fmt;
use std::time::Duration;

/// What goes wrong at a place that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The handler fails at its next event, so many times. It is not called.
    Fail {
        /// How often.
        times: u32,
    },
    /// The handler panics at its next event.
    Panic,
    /// Each event, or each append, takes so much longer, until this is mended.
    Delay(Duration),
    /// The handler's next event is delivered twice.
    Duplicate,
    /// At its next event, the handler's task dies after the effect and before the acknowledgement. It begins again, with
    /// that event, when this is mended.
    CrashBeforeAck,
    /// The next append is answered with a conflict, and nothing is stored.
    Conflict,
    /// Each append fails as on a full disk, until this is mended: nothing is stored, and a caller is told so. After a disk
    /// was really full, nobody knows what of the last append is on it, so that the application stops until it is opened
    /// again; here it goes on.
    DiskFull,
}

/// What a fault can be given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhatBreaks {
    /// A projection.
    Projection,
    /// An event handler or a process manager.
    Handler,
    /// The event store.
    Store,
}

impl Fault {
    /// Whether this can go wrong at such a place.
    pub fn fits(self, place: WhatBreaks) -> bool {
        match self {
            Self::Delay(_) => true,
            Self::Panic | Self::Duplicate => place != WhatBreaks::Store,
            Self::Fail { .. } | Self::CrashBeforeAck => place == WhatBreaks::Handler,
            Self::Conflict | Self::DiskFull => place == WhatBreaks::Store,
        }
    }

    /// What is left of it once it has happened.
    pub(super) fn once_met(self) -> Option<Self> {
        match self {
            Self::Fail { times } => times.checked_sub(2).map(|left| Self::Fail { times: left + 1 }),
            Self::Panic | Self::Duplicate | Self::Conflict => None,
            Self::Delay(_) | Self::CrashBeforeAck | Self::DiskFull => Some(self),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail { times: 1 } => f.write_str("its next event fails"),
            Self::Fail { times } => write!(f, "its next event fails {times} times"),
            Self::Panic => f.write_str("it panics at its next event"),
            Self::Delay(delay) => write!(f, "each takes {} ms longer", delay.as_millis()),
            Self::Duplicate => f.write_str("its next event comes twice"),
            Self::CrashBeforeAck => f.write_str("it crashes at its next event, before the acknowledgement"),
            Self::Conflict => f.write_str("the next append meets a conflict"),
            Self::DiskFull => f.write_str("the disk is full"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_lasts_as_often_as_it_says() {
        let mut left = Some(Fault::Fail { times: 3 });
        for expected in [Some(Fault::Fail { times: 2 }), Some(Fault::Fail { times: 1 }), None] {
            left = left.and_then(Fault::once_met);
            assert_eq!(left, expected);
        }
        for once in [Fault::Fail { times: 0 }, Fault::Panic, Fault::Duplicate, Fault::Conflict] {
            assert_eq!(once.once_met(), None);
        }
        for lasting in [Fault::Delay(Duration::from_millis(5)), Fault::DiskFull, Fault::CrashBeforeAck] {
            assert_eq!(lasting.once_met(), Some(lasting));
        }
    }
}
