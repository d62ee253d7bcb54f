//! Turns among the programs that write to a log. Each entry names the one that it follows, so that of several offered at once
//! one stands, and all the others were made in vain.

use std::time::{Duration, Instant};

use uuid::Uuid;

/// How long a program counts as one that writes.
const WRITES_FOR: Duration = Duration::from_millis(100);

/// How many round trips it takes at most until one has offered that was waiting.
const ROUND_TRIPS: u32 = 3;

/// How many programs are told apart. Any more are not waited for.
const MOST: usize = 64;

/// When which other programs have written, and this one.
#[derive(Debug, Default)]
pub(in crate::engine::store) struct OtherWriters {
    /// Each once, with its last entry.
    last: Vec<(Uuid, Instant)>,
    own: Option<OwnEntry>,
}

/// The last entry of this program, if it has not let the others write since.
#[derive(Clone, Copy, Debug)]
struct OwnEntry {
    accepted_at: Instant,
    took: Duration,
    /// Whether another entry was waited for since.
    has_waited: bool,
}

impl OtherWriters {
    /// Another program's entry has come.
    pub(in crate::engine::store) fn wrote(&mut self, writer: Uuid) {
        let now = Instant::now();
        if let Some((_, at)) = self.last.iter_mut().find(|(known, _)| *known == writer) {
            *at = now;
            return;
        }
        self.last.retain(|(_, at)| now - *at < WRITES_FOR);
        if self.last.len() < MOST {
            self.last.push((writer, now));
        }
    }

    /// An entry of this program was accepted, so long after it was offered.
    pub(in crate::engine::store) fn accepted(&mut self, took: Duration) {
        self.own = Some(OwnEntry { accepted_at: Instant::now(), took, has_waited: false });
    }

    /// Whether other programs write, or one has asked to.
    pub(in crate::engine::store) fn write(&self, asked_at: Option<Instant>) -> bool {
        let last = self.last.iter().map(|(_, at)| *at).max();
        last.max(asked_at).is_some_and(|at| at.elapsed() < WRITES_FOR)
    }

    /// How long to wait for another program's entry before the next one of this program, if at all. After its own, it waits
    /// for one of each program that writes: they have to receive this one's, take it in and offer, and would come too late
    /// each time. Call this again when an entry has come.
    pub(in crate::engine::store) fn turn(&mut self, asked_at: Option<Instant>) -> Option<Duration> {
        let own = self.own.as_mut()?;
        let awaits = |at: Instant| at < own.accepted_at && at.elapsed() < WRITES_FOR;
        let awaits_one = self.last.iter().any(|(_, at)| awaits(*at));
        // Whoever asks may not have been first yet, and so is not known.
        let is_asked = asked_at.is_some_and(|at| at.elapsed() < WRITES_FOR) && !own.has_waited;
        let has_come = self.last.iter().any(|(_, at)| *at > own.accepted_at);
        own.has_waited = true;
        if awaits_one || (is_asked && !has_come) {
            return Some(ROUND_TRIPS * own.took);
        }
        self.own = None;
        None
    }

    /// The others had their turn.
    pub(in crate::engine::store) fn have_had_their_turn(&mut self) {
        self.own = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);
    const TWO: Uuid = Uuid::from_u128(2);

    fn after_an_entry() -> OtherWriters {
        let mut others = OtherWriters::default();
        others.wrote(ONE);
        others.wrote(TWO);
        others.accepted(Duration::from_millis(2));
        others
    }

    #[test]
    fn a_writer_alone_waits_for_nobody() {
        let mut others = OtherWriters::default();
        others.accepted(Duration::from_millis(2));
        assert_eq!((others.turn(None), others.write(None)), (None, false));
    }

    #[test]
    fn each_that_writes_has_its_turn() {
        let mut others = after_an_entry();
        assert!(others.write(None));
        let wait = Some(Duration::from_millis(6));
        assert_eq!(others.turn(None), wait);
        others.wrote(TWO);
        others.wrote(TWO);
        assert_eq!(others.turn(None), wait);
        others.wrote(ONE);
        assert_eq!(others.turn(None), None);
        // Until the next entry.
        assert_eq!(others.turn(None), None);
    }

    #[test]
    fn who_asks_is_waited_for_once() {
        let mut others = OtherWriters::default();
        others.accepted(Duration::from_millis(2));
        let asked = Some(Instant::now());
        assert!(others.turn(asked).is_some());
        assert!(others.turn(asked).is_none());
    }

    #[test]
    fn who_does_not_write_any_more_is_not_waited_for() {
        let mut others = after_an_entry();
        others.have_had_their_turn();
        assert_eq!(others.turn(None), None);
    }
}
