//! Conversations that process managers have extended by a command. A caller that waits for a conversation waits for the
//! events of those commands too.

use std::collections::{BTreeMap, VecDeque};

use foldhash::{HashMap, HashSet};
use uuid::Uuid;

use crate::engine::log::Position;

/// The last position of each conversation that some awaited handler has not seen to its end.
#[derive(Debug, Default)]
pub(super) struct FollowedConversations {
    ends: HashMap<Uuid, Position>,
    /// The same in the order they were reported, which is the order of positions for each process manager.
    reported: VecDeque<(Uuid, Position)>,
    followed: BTreeMap<u64, Followed>,
    last_number: u64,
}

/// The conversations begun up to a position, and how far they have been extended.
#[derive(Debug)]
struct Followed {
    begun_by: Position,
    extended: HashSet<Uuid>,
    until: Position,
}

/// The most conversations remembered. The oldest are forgotten first: callers have long timed out behind a handler that
/// is so far behind.
const MAX_CONVERSATIONS: usize = 65_536;

impl FollowedConversations {
    /// Follows the conversations begun up to a position. Returns a number to ask for them by.
    pub(super) fn follow(&mut self, begun_by: Position) -> u64 {
        self.last_number += 1;
        self.followed.insert(self.last_number, Followed { begun_by, extended: HashSet::default(), until: begun_by });
        self.last_number
    }

    pub(super) fn unfollow(&mut self, number: u64) {
        self.followed.remove(&number);
    }

    /// The last position of the followed conversations.
    pub(super) fn followed_until(&self, number: u64) -> Position {
        self.followed.get(&number).map_or(Position::START, |followed| followed.until)
    }

    /// Extends a conversation to `position`, caused by its event at `caused_by`. What all awaited handlers have `seen` is
    /// forgotten.
    pub(super) fn extend(&mut self, correlation_id: Uuid, caused_by: Position, position: Position, seen: Position) {
        for Followed { begun_by, extended, until } in self.followed.values_mut() {
            if caused_by <= *begun_by || extended.contains(&correlation_id) {
                extended.insert(correlation_id);
                *until = position.max(*until);
            }
        }
        while let Some((reported, end)) = self.reported.front().copied().filter(|(_, end)| *end <= seen) {
            self.reported.pop_front();
            self.forget(reported, end);
        }
        if position <= seen || self.end_of(correlation_id) >= Some(position) {
            return;
        }
        self.ends.insert(correlation_id, position);
        self.reported.push_back((correlation_id, position));
        if self.reported.len() > MAX_CONVERSATIONS
            && let Some((reported, end)) = self.reported.pop_front()
        {
            self.forget(reported, end);
        }
    }

    pub(super) fn end_of(&self, correlation_id: Uuid) -> Option<Position> {
        self.ends.get(&correlation_id).copied()
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    fn forget(&mut self, correlation_id: Uuid, end: Position) {
        if self.end_of(correlation_id) == Some(end) {
            self.ends.remove(&correlation_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extend(conversations: &mut FollowedConversations, id: u64, position: u64, seen: u64) {
        let position = Position::new(position);
        conversations.extend(Uuid::from_u128(id.into()), position.before(), position, Position::new(seen));
    }

    fn end_of(conversations: &FollowedConversations, id: u64) -> Option<u64> {
        conversations.end_of(Uuid::from_u128(id.into())).map(Position::get)
    }

    #[test]
    fn what_all_have_seen_is_forgotten() {
        let mut conversations = FollowedConversations::default();
        for number in 1..100_000_u64 {
            extend(&mut conversations, number, number * 2, (number * 2).saturating_sub(20));
            assert_eq!(end_of(&conversations, number), Some(number * 2));
            assert!(conversations.count() <= 10 && conversations.reported.len() <= 10);
        }
        extend(&mut conversations, 7, 200_000, 200_000);
        assert_eq!((conversations.count(), conversations.reported.len()), (0, 0));
    }

    /// A process manager that lags behind another, or gets an event again, reports an end that is known already.
    #[test]
    fn a_conversation_never_goes_back() {
        let mut conversations = FollowedConversations::default();
        for (position, expected) in [(10, 10), (8, 10), (10, 10), (12, 12), (9, 12)] {
            extend(&mut conversations, 1, position, 5);
            assert_eq!(end_of(&conversations, 1), Some(expected));
        }
        extend(&mut conversations, 2, 20, 11);
        assert_eq!(end_of(&conversations, 1), Some(12));
        extend(&mut conversations, 2, 21, 12);
        assert_eq!(end_of(&conversations, 1), None);
    }

    /// A conversation that begins later is not waited for.
    #[test]
    fn only_conversations_begun_before_are_followed() {
        let mut conversations = FollowedConversations::default();
        let follow = conversations.follow(Position::new(10));
        let mut extend = |id: u128, caused_by, position| {
            let (caused_by, position) = (Position::new(caused_by), Position::new(position));
            conversations.extend(Uuid::from_u128(id), caused_by, position, Position::START);
            conversations.followed_until(follow).get()
        };
        assert_eq!(extend(2, 11, 12), 10);
        assert_eq!(extend(1, 9, 14), 14);
        assert_eq!(extend(2, 13, 15), 14);
        assert_eq!(extend(1, 14, 16), 16);
        conversations.unfollow(follow);
        assert!(conversations.followed.is_empty());
    }

    #[test]
    fn the_oldest_are_forgotten_while_a_handler_lags() {
        let mut conversations = FollowedConversations::default();
        for number in 1..=2 * MAX_CONVERSATIONS as u64 {
            extend(&mut conversations, number % 100_000, number, 0);
        }
        assert_eq!((conversations.count(), conversations.reported.len()), (MAX_CONVERSATIONS, MAX_CONVERSATIONS));
        let last = 2 * MAX_CONVERSATIONS as u64;
        assert_eq!(end_of(&conversations, last % 100_000), Some(last));
    }
}
