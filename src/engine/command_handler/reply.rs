//! The answers to a batch of commands, once the store has answered. Commands that met a conflict are left to be decided
//! again.

use std::collections::HashMap;

use super::duplicates::{first_outcome, tell_of_duplicate};
use super::sent::Sent;
use super::worker::{Verdict, Worker};
use super::{CommandError, Id, Unanswered};
use crate::engine::domain::{Aggregate, Command as _, Contains, DomainEvent};
use crate::engine::runtime::trace::detail_line;
use crate::engine::store::{AppendAnswer, Appended, Committed, Conflict, EventStore, Rejected, StoreError};

impl<A, E, S> Worker<A, E, S>
where
    A: Aggregate,
    E: Contains<A::Event> + DomainEvent,
    S: EventStore<E>,
{
    /// Answers the decided commands. Commands whose aggregate met a conflict are decided again instead, refused ones too:
    /// the reason for the refusal may be gone. Returns whether there are any.
    pub(super) fn answer(&mut self, open: &mut Vec<Sent<A, E>>, stored: Appended<E>, last_attempt: bool) -> bool {
        let conflicts = self.unload_outdated(open, &stored);
        let mut stored = stored.into_iter();
        let mut met_conflict = false;
        for (sent, verdict) in open.iter_mut().zip(self.verdicts.drain(..)) {
            let answer = match verdict {
                Verdict::Answer(answer) => answer.map(|()| Committed::nothing()),
                Verdict::Append => match stored.next() {
                    Some(Ok(committed)) => {
                        if sent.may_be_duplicate {
                            self.looked_up.remove(&sent.metadata.command_id);
                        }
                        sent.reply(Ok(committed));
                        continue;
                    }
                    Some(Err(Rejected::Repeated(committed))) => {
                        tell_of_duplicate(sent);
                        let answer = first_outcome(sent, committed);
                        sent.reply(answer);
                        continue;
                    }
                    Some(Err(Rejected::Conflict(conflict))) => Err(CommandError::Conflict(conflict)),
                    None => {
                        let message = "the event store left an append without an answer".to_owned();
                        Err(CommandError::Panicked { message })
                    }
                },
                Verdict::Known(outcome) => {
                    sent.reply(outcome);
                    continue;
                }
                Verdict::Postponed => {
                    self.looked_up.remove(&sent.metadata.command_id);
                    sent.may_be_stored = false;
                    continue;
                }
                Verdict::Outdated(conflict) => Err(CommandError::Conflict(conflict)),
            };
            match conflicts.as_ref().and_then(|conflicts| conflicts.get(sent.command.target())) {
                None => sent.reply(answer),
                Some(Some(conflict)) if last_attempt => sent.reply(Err(CommandError::Conflict(*conflict))),
                Some(_) => {
                    sent.in_span(|| tracing::debug!("conflict: it is decided again"));
                    detail_line!(
                        sent.metadata.correlation_id(),
                        "Conflict: another event came first, and the command is decided again"
                    );
                    // The other writer may have stored this very command.
                    self.looked_up.remove(&sent.metadata.command_id);
                    met_conflict = true;
                    sent.may_be_stored = false;
                }
            }
        }
        open.retain(|sent| sent.is_open());
        met_conflict
    }

    /// Unloads the aggregates whose state is out of date, and returns them: with the conflict, or without one if a
    /// duplicate command was stored meanwhile.
    fn unload_outdated(
        &mut self,
        open: &[Sent<A, E>],
        stored: &[AppendAnswer<E>],
    ) -> Option<HashMap<Id<A>, Option<Conflict>>> {
        let is_outdated = |verdict: &Verdict<A, E>| matches!(verdict, Verdict::Outdated(_));
        if stored.iter().all(Result::is_ok) && !self.verdicts.iter().any(is_outdated) {
            return None;
        }
        let mut stored = stored.iter();
        let mut outdated = HashMap::new();
        for (sent, verdict) in open.iter().zip(&self.verdicts) {
            let conflict = match verdict {
                Verdict::Append => match stored.next() {
                    Some(Err(Rejected::Conflict(conflict))) => Some(*conflict),
                    Some(Err(Rejected::Repeated(_))) => None,
                    Some(Ok(_)) | None => continue,
                },
                Verdict::Answer(_) | Verdict::Known(_) | Verdict::Postponed => continue,
                Verdict::Outdated(conflict) => Some(*conflict),
            };
            let target = sent.command.target();
            self.loaded.remove(target);
            outdated.entry(target.clone()).or_insert(conflict);
        }
        Some(outdated)
    }

    /// After a failed append, unloads the batch's aggregates and answers with the error.
    pub(super) fn answer_store_failed(&mut self, open: &mut Vec<Sent<A, E>>, error: &StoreError) {
        self.verdicts.clear();
        for mut sent in open.drain(..) {
            self.loaded.remove(sent.command.target());
            let answer = match error {
                StoreError::OutcomeUnknown(reason) if sent.may_be_stored => CommandError::OutcomeUnknown {
                    command_id: sent.metadata.command_id,
                    reason: Unanswered::Store(reason.clone()),
                },
                StoreError::OutcomeUnknown(reason) => StoreError::Failed(reason.clone()).into(),
                error => error.clone().into(),
            };
            sent.reply(Err(answer));
        }
    }
}
