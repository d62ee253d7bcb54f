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

/// The other programs that write or want to, and the last entry of this one.
#[derive(Debug, Default)]
pub(in crate::engine::store) struct OtherWriters {
    others: Vec<Other>,
    own: Option<OwnEntry>,
}

#[derive(Clone, Copy, Debug)]
struct Other {
    writer: Uuid,
    /// When its last entry came, if one has.
    wrote_at: Option<Instant>,
    /// When it wrote or asked last.
    seen_at: Instant,
}

/// The last entry of this program, if it has not let the others write since.
#[derive(Clone, Copy, Debug)]
struct OwnEntry {
    accepted_at: Instant,
    took: Duration,
}

impl OtherWriters {
    /// Another program's entry has come.
    pub(in crate::engine::store) fn wrote(&mut self, writer: Uuid) {
        let now = Instant::now();
        self.saw(writer, now, Some(now));
    }

    fn saw(&mut self, writer: Uuid, seen_at: Instant, wrote_at: Option<Instant>) {
        if let Some(other) = self.others.iter_mut().find(|other| other.writer == writer) {
            other.seen_at = other.seen_at.max(seen_at);
            other.wrote_at = other.wrote_at.max(wrote_at);
            return;
        }
        self.others.retain(|other| other.seen_at.elapsed() < WRITES_FOR);
        if self.others.len() < MOST {
            self.others.push(Other { writer, wrote_at, seen_at });
        }
    }

    /// An entry of this program was accepted, so long after it was offered.
    pub(in crate::engine::store) fn accepted(&mut self, took: Duration) {
        self.own = Some(OwnEntry { accepted_at: Instant::now(), took });
    }

    /// Whether other programs write, or have asked to.
    pub(in crate::engine::store) fn write(&self) -> bool {
        self.others.iter().any(|other| other.seen_at.elapsed() < WRITES_FOR)
    }

    /// How long to wait for another program's entry before the next one of this program, if at all. After its own, it waits
    /// for one of each program that writes, or has asked for a turn: they have to receive this one's, take it in and offer,
    /// and would come too late each time. Call this again when an entry has come. Of those who have `asked`, this program
    /// may be one, and writes as `own`.
    pub(in crate::engine::store) fn turn(&mut self, own: Uuid, asked: &[(Uuid, Instant)]) -> Option<Duration> {
        for (writer, at) in asked.iter().filter(|(writer, at)| *writer != own && at.elapsed() < WRITES_FOR) {
            self.saw(*writer, *at, None);
        }
        let own = self.own?;
        let is_awaited = |other: &Other| {
            other.seen_at.elapsed() < WRITES_FOR && other.wrote_at.is_none_or(|at| at < own.accepted_at)
        };
        if self.others.iter().any(is_awaited) {
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

    const OWN: Uuid = Uuid::from_u128(9);
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
        assert_eq!((others.turn(OWN, &[]), others.write()), (None, false));
    }

    #[test]
    fn each_that_writes_has_its_turn() {
        let mut others = after_an_entry();
        assert!(others.write());
        let wait = Some(Duration::from_millis(6));
        assert_eq!(others.turn(OWN, &[]), wait);
        others.wrote(TWO);
        others.wrote(TWO);
        assert_eq!(others.turn(OWN, &[]), wait);
        others.wrote(ONE);
        assert_eq!(others.turn(OWN, &[]), None);
        // Until the next entry.
        assert_eq!(others.turn(OWN, &[]), None);
    }

    #[test]
    fn who_asks_is_waited_for_until_it_has_written() {
        let mut others = OtherWriters::default();
        others.accepted(Duration::from_millis(2));
        let asked = [(OWN, Instant::now()), (ONE, Instant::now())];
        assert!(others.turn(OWN, &asked).is_some() && others.write());
        others.wrote(TWO);
        assert!(others.turn(OWN, &asked).is_some());
        others.wrote(ONE);
        assert!(others.turn(OWN, &asked).is_none());
    }

    #[test]
    fn who_does_not_write_any_more_is_not_waited_for() {
        let mut others = after_an_entry();
        others.have_had_their_turn();
        assert_eq!(others.turn(OWN, &[]), None);
    }
}
