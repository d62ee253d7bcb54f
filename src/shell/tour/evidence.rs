//! What has happened in a lesson that the log does not tell, or does not tell any longer.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Toured;
use crate::shell::functions::{Call, Function, Outcome, Row, RunningCall};
use crate::shell::term::Term;

/// The most conversations that are remembered: those that a lesson was about last.
const MOST_CONVERSATIONS: usize = 16;

/// What was noted since a lesson began, in one bank.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Evidence {
    /// Whether the program has ended since then, and begun again.
    #[serde(default)]
    pub(super) is_restarted: bool,
    /// Whether it has ended as by a power cut.
    #[serde(default)]
    pub(super) has_crashed: bool,
    /// What calls have come to, as far as the lesson asks.
    #[serde(default)]
    calls: Vec<CallEnd>,
    /// The conversations of what a check has found, for the check after it.
    #[serde(default)]
    conversations: Vec<Uuid>,
}

/// What a call has come to.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CallEnd {
    /// It was done: the name of its function.
    Done(String),
    /// It was refused: the reason's atom, without the colon.
    Refused(String),
}

impl CallEnd {
    fn of(function: &Function, outcome: &Outcome) -> Self {
        let reply = match outcome {
            Ok(reply) => &reply.term,
            Err(not_done) => &not_done.reply,
        };
        match reply {
            Term::Error(reason) => Self::Refused(reason.name().to_owned()),
            _ => Self::Done(function.to_string()),
        }
    }
}

impl Evidence {
    pub(super) fn has(&self, end: &CallEnd) -> bool {
        self.calls.contains(end)
    }

    /// Adds what a call has come to. What no lesson asks for is not noted, so there is little.
    pub(super) fn add(&mut self, end: Option<CallEnd>) {
        self.calls.extend(end.filter(|end| !self.calls.contains(end)));
    }

    /// What was called was called in another bank.
    pub(super) fn forget_calls(&mut self) {
        self.calls.clear();
        self.conversations.clear();
    }

    /// What this run of the program has ended was another bank.
    pub(super) fn forget_restart(&mut self) {
        (self.is_restarted, self.has_crashed) = (false, false);
    }

    pub(super) fn is_about(&self, conversation: Uuid) -> bool {
        self.conversations.contains(&conversation)
    }

    /// Adds conversations. Answers whether one is new.
    pub(super) fn add_conversations(&mut self, found: Vec<Uuid>) -> bool {
        let before = self.conversations.len();
        for conversation in found {
            if !self.conversations.contains(&conversation) {
                self.conversations.push(conversation);
            }
        }
        let is_any_new = self.conversations.len() > before;
        self.conversations.drain(..self.conversations.len().saturating_sub(MOST_CONVERSATIONS));
        is_any_new
    }
}

/// Runs a call while a tour may be under way, which notes what the call has come to.
pub(in crate::shell) fn noted<'a, D: Toured>(
    domain: &'a mut D,
    row: &'static Row<D>,
    call: Call<'a>,
) -> RunningCall<'a> {
    if !domain.tour().is_under_way() {
        return row.run(domain, call);
    }
    Box::pin(async move {
        let outcome = row.run(domain, call).await;
        if let Some(tour) = &mut domain.tour().under_way {
            let end = CallEnd::of(&row.function, &outcome);
            let is_refused_question = matches!(end, CallEnd::Refused(_)) && !row.function.sends_command();
            let lesson = tour.lessons.all.get(tour.place.lesson);
            let is_asked = lesson.is_some_and(|lesson| lesson.checks.iter().any(|check| check.is_about(&end)));
            tour.just_called = (is_asked && !is_refused_question).then_some(end);
        }
        outcome
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_conversations_are_remembered() {
        let mut evidence = Evidence::default();
        assert!(evidence.add_conversations((0..20).map(Uuid::from_u128).collect()));
        assert!(!evidence.add_conversations(vec![Uuid::from_u128(19)]));
        assert_eq!([3, 4, 19].map(|id| evidence.is_about(Uuid::from_u128(id))), [false, true, true]);
    }

    #[test]
    fn the_same_call_is_noted_once() {
        let mut evidence = Evidence::default();
        for _ in 0..2 {
            evidence.add(Some(CallEnd::Refused("no_account".to_owned())));
        }
        assert_eq!(evidence.calls.len(), 1);
        assert!(!evidence.has(&CallEnd::Done("Bank.rebuild".to_owned())));
    }
}
