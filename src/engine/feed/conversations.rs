//! Conversations in which a process manager has sent a command: who waits for one waits for what that led to, too.

use std::collections::{BTreeMap, VecDeque};

use foldhash::{HashMap, HashSet};
use uuid::Uuid;

use crate::engine::log::Position;

/// Up to where each conversation has gone on, as far as that is still worth waiting for.
#[derive(Debug, Default)]
pub(super) struct Conversations {
    goes_on_to: HashMap<Uuid, Position>,
    /// The same in the order they were told, which is that of positions for each process manager.
    told: VecDeque<(Uuid, Position)>,
    followed: BTreeMap<u64, Followed>,
    follows: u64,
}

/// The conversations that have begun up to a position, and what becomes of them.
#[derive(Debug)]
struct Followed {
    begun_by: Position,
    go_on: HashSet<Uuid>,
    until: Position,
}

/// Beyond these the oldest are forgotten: a handler that holds all others up for that long has made those who waited
/// give up.
const MOST: usize = 65_536;

impl Conversations {
    /// From now on, keeps in mind up to where those conversations go on that have begun up to a position. Answers with
    /// what to ask for them by.
    pub(super) fn follow(&mut self, begun_by: Position) -> u64 {
        self.follows += 1;
        self.followed.insert(self.follows, Followed { begun_by, go_on: HashSet::default(), until: begun_by });
        self.follows
    }

    pub(super) fn unfollow(&mut self, follow: u64) {
        self.followed.remove(&follow);
    }

    /// Up to where the conversations that are followed have gone on.
    pub(super) fn followed_until(&self, follow: u64) -> Position {
        self.followed.get(&follow).map_or(Position::START, |followed| followed.until)
    }

    /// Something that happened at `caused_by` has led to what happened at `position`, which belongs to the same
    /// conversation. Nobody need wait for what all have `passed`.
    pub(super) fn go_on(&mut self, correlation_id: Uuid, caused_by: Position, position: Position, passed: Position) {
        for Followed { begun_by, go_on, until } in self.followed.values_mut() {
            if caused_by <= *begun_by || go_on.contains(&correlation_id) {
                go_on.insert(correlation_id);
                *until = position.max(*until);
            }
        }
        while let Some((told, until)) = self.told.front().copied().filter(|(_, until)| *until <= passed) {
            self.told.pop_front();
            self.forget(told, until);
        }
        if position <= passed || self.goes_on_to(correlation_id) >= Some(position) {
            return;
        }
        self.goes_on_to.insert(correlation_id, position);
        self.told.push_back((correlation_id, position));
        if self.told.len() > MOST
            && let Some((told, until)) = self.told.pop_front()
        {
            self.forget(told, until);
        }
    }

    pub(super) fn goes_on_to(&self, correlation_id: Uuid) -> Option<Position> {
        self.goes_on_to.get(&correlation_id).copied()
    }

    pub(super) fn count(&self) -> usize {
        self.goes_on_to.len()
    }

    fn forget(&mut self, correlation_id: Uuid, until: Position) {
        if self.goes_on_to(correlation_id) == Some(until) {
            self.goes_on_to.remove(&correlation_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go_on(conversations: &mut Conversations, id: u64, position: u64, passed: u64) {
        let position = Position::new(position);
        conversations.go_on(Uuid::from_u128(id.into()), position.before(), position, Position::new(passed));
    }

    fn goes_on_to(conversations: &Conversations, id: u64) -> Option<u64> {
        conversations.goes_on_to(Uuid::from_u128(id.into())).map(Position::get)
    }

    #[test]
    fn what_all_have_passed_is_forgotten() {
        let mut conversations = Conversations::default();
        for number in 1..100_000_u64 {
            go_on(&mut conversations, number, number * 2, (number * 2).saturating_sub(20));
            assert_eq!(goes_on_to(&conversations, number), Some(number * 2));
            assert!(conversations.count() <= 10 && conversations.told.len() <= 10);
        }
        go_on(&mut conversations, 7, 200_000, 200_000);
        assert_eq!((conversations.count(), conversations.told.len()), (0, 0));
    }

    /// A process manager that is behind another, or gets an event again, says what is known better already.
    #[test]
    fn a_conversation_never_goes_back() {
        let mut conversations = Conversations::default();
        for (position, expected) in [(10, 10), (8, 10), (10, 10), (12, 12), (9, 12)] {
            go_on(&mut conversations, 1, position, 5);
            assert_eq!(goes_on_to(&conversations, 1), Some(expected));
        }
        go_on(&mut conversations, 2, 20, 11);
        assert_eq!(goes_on_to(&conversations, 1), Some(12));
        go_on(&mut conversations, 2, 21, 12);
        assert_eq!(goes_on_to(&conversations, 1), None);
    }

    /// What begins later is not waited for, however long others keep beginning something.
    #[test]
    fn only_what_had_begun_is_followed() {
        let mut conversations = Conversations::default();
        let follow = conversations.follow(Position::new(10));
        let mut go_on = |id: u128, caused_by, position| {
            let (caused_by, position) = (Position::new(caused_by), Position::new(position));
            conversations.go_on(Uuid::from_u128(id), caused_by, position, Position::START);
            conversations.followed_until(follow).get()
        };
        assert_eq!(go_on(2, 11, 12), 10);
        assert_eq!(go_on(1, 9, 14), 14);
        assert_eq!(go_on(2, 13, 15), 14);
        assert_eq!(go_on(1, 14, 16), 16);
        conversations.unfollow(follow);
        assert!(conversations.followed.is_empty());
    }

    #[test]
    fn while_a_handler_holds_all_up_the_oldest_are_forgotten() {
        let mut conversations = Conversations::default();
        for number in 1..=2 * MOST as u64 {
            go_on(&mut conversations, number % 100_000, number, 0);
        }
        assert_eq!((conversations.count(), conversations.told.len()), (MOST, MOST));
        let last = 2 * MOST as u64;
        assert_eq!(goes_on_to(&conversations, last % 100_000), Some(last));
    }
}
