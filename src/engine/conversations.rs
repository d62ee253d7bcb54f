//! Conversations in which a process manager has sent a command: who waits for one waits for what that led to, too.

use std::collections::VecDeque;

use foldhash::HashMap;
use uuid::Uuid;

use super::event::Position;

/// Up to where each conversation has gone on, as far as that is still worth waiting for.
#[derive(Debug, Default)]
pub(super) struct Conversations {
    goes_on_to: HashMap<Uuid, Position>,
    /// The same in the order they were told, which is that of positions for each process manager.
    told: VecDeque<(Uuid, Position)>,
}

/// Beyond these the oldest are forgotten: a handler that holds all others up for that long has made those who waited
/// give up.
const MOST: usize = 65_536;

impl Conversations {
    /// What happened at `position` belongs to a conversation. Nobody need wait for what all have `passed`.
    pub(super) fn go_on(&mut self, correlation_id: Uuid, position: Position, passed: Position) {
        while let Some((told, until)) = self.told.pop_front_if(|(_, until)| *until <= passed) {
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
        conversations.go_on(Uuid::from_u128(id.into()), Position::new(position), Position::new(passed));
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
