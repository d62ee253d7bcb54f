//! Sends commands: waits for the outcome under strong consistency, and collects it later under eventual.

use tokio::task::JoinError;

use super::BankFunctions;
use super::replies::{describe, not_carried_out, not_sent};
use crate::bank::{Bank, CommandFailure, Operation, Receipt};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::Conversation;
use crate::shell::event_record::event_record;
use crate::shell::functions::{Call, Detail, Explanation, NotDone, Outcome, Reply};
use crate::shell::next::refused;
use crate::shell::term::Term;
use crate::shell::trace::Trace;

/// How many commands may be pending under eventual consistency. At the limit, the next statement waits for one.
const MAX_PENDING: usize = 1_024;

/// What has become of a command that was sent without waiting.
#[derive(Debug)]
pub(super) struct LateOutcome {
    /// The message, if the store failed.
    failed: Option<String>,
    /// What was refused or declined, in words.
    refused: Option<String>,
}

/// Said where a PIN was given to a fork, or to what is only tried.
const PIN_TAKEN: &str = "The PIN was taken for the right one: nothing is checked or counted here.";

/// Makes the reply to a command that was handled.
type ToTerm = fn(&Bank, &Receipt) -> Term;

impl BankFunctions {
    /// Carries out an operation, in a conversation that the trace follows. Under eventual consistency this only sends the
    /// command; a refusal is printed later.
    pub(super) async fn carry_out<T: 'static, E: From<CommandFailure> + 'static>(
        &mut self,
        call: Call<'_>,
        bank: &Bank,
        conversation: Conversation,
        operation: Operation<'_, T, E>,
        to_term: ToTerm,
    ) -> Outcome {
        let followed = self.trace.follow(conversation.metadata().correlation_id());
        // Only what is collected later has to say which command it was.
        let name_of_command = (self.consistency == Consistency::Eventual)
            .then(|| format!("{}, {}", operation.title(), Term::String(operation.account().to_string())));
        let checks = bank.pin_checks();
        let pending = operation.metadata(conversation).send().await.map_err(not_sent)?;
        let Some(name_of_command) = name_of_command else {
            let handled = pending.receipt().await;
            self.unended.keep(bank, &handled);
            let outcome = outcome(bank, handled, to_term, call.as_json()).await;
            drop(followed);
            let has_taken_pin = bank.takes_any_pin() && bank.pin_checks() > checks;
            return if has_taken_pin { saying(outcome, PIN_TAKEN) } else { outcome };
        };
        let (bank, trace) = (bank.clone(), self.trace.clone());
        let was_broken = is_store_broken(&bank, &trace);
        self.pending.spawn(async move {
            let outcome = outcome(&bank, pending.receipt().await, to_term, false).await;
            let (reply, failed, is_done) = match outcome {
                Ok(reply) => (reply, None, true),
                Err(NotDone { reply, failed, .. }) => (reply.into(), failed.map(|failed| failed.message), false),
            };
            if let error @ Term::Error(_) = &reply.term {
                trace.add_line(format_args!("{error} # {name_of_command}"));
            }
            drop(followed);
            // It fails because somebody asked for that, so others can go on.
            let is_meant = was_broken || is_store_broken(&bank, &trace);
            let (meant, failed) = if is_meant && bank.failure().is_none() { (failed, None) } else { (None, failed) };
            if let Some(reason) = meant {
                trace.add_line(format_args!("  {reason}"));
            }
            LateOutcome { failed, refused: refused(&reply, is_done) }
        });
        while self.pending.len() > MAX_PENDING {
            let finished = self.pending.join_next().await;
            self.keep(finished);
        }
        while let Some(finished) = self.pending.try_join_next() {
            self.keep(Some(finished));
        }
        Ok(Term::OK.into())
    }

    /// Closes the bank. If a person interrupts this, no bank is open any more, and closing continues by itself.
    pub(super) async fn close_bank(&mut self, bank: &Bank) {
        self.replace_bank(None);
        bank.close().await;
        self.finish_pending().await;
        // The bank may have stopped after the last reply.
        self.failed = bank.failure().map(|unavailable| describe(&unavailable)).or(self.failed.take());
    }

    pub(super) async fn finish_pending(&mut self) {
        while let Some(finished) = self.pending.join_next().await {
            self.keep(Some(finished));
        }
    }

    fn keep(&mut self, finished: Option<Result<LateOutcome, JoinError>>) {
        let Some(Ok(LateOutcome { failed, refused })) = finished else { return };
        self.failed = failed.or(self.failed.take());
        self.refused = self.refused.take().or(refused);
    }
}

/// Whether the event store was made to fail.
fn is_store_broken(bank: &Bank, trace: &Trace) -> bool {
    trace.uses_seams() && bank.seams().is_store_broken()
}

/// The outcome, with a line about it.
fn saying(outcome: Outcome, line: &str) -> Outcome {
    match outcome {
        Ok(mut reply) => {
            reply.notes.push(line.to_owned());
            Ok(reply)
        }
        Err(NotDone { reply, failed: None, detail: None }) => {
            Err(NotDone { reply, failed: None, detail: Some(Box::new(Detail::Note(line.to_owned()))) })
        }
        other => other,
    }
}

/// The outcome of a command, with the events it caused if they are wanted.
pub(super) async fn outcome(
    bank: &Bank,
    handled: Result<Receipt, CommandFailure>,
    to_term: ToTerm,
    wants_events: bool,
) -> Outcome {
    let receipt = handled.map_err(|failure| not_carried_out(bank, &failure))?;
    let declined = receipt.events().iter().any(|event| event.data.declined_amount().is_some());
    let events = match wants_events {
        // Boxed: keeps the common future small. If the log cannot be read any more, the receipt still has the command's own
        // events.
        true => Box::pin(bank.conversation(&receipt)).await.unwrap_or_else(|_| receipt.events().to_vec()),
        false => Vec::new(),
    };
    let events = events.iter().filter_map(event_record).collect();
    let explanation = match receipt.events().first().is_some_and(|event| event.data.is_wrong_pin()) {
        true => Box::pin(locked(bank, &receipt)).await,
        false => None,
    };
    Ok(Reply { events, declined, explanation, ..to_term(bank, &receipt).into() })
}

/// Says of a wrong PIN that it has locked the account, if it has.
async fn locked(bank: &Bank, receipt: &Receipt) -> Option<Explanation> {
    let account = receipt.events().first()?.data.account_id()?;
    let clause = "this was the third wrong PIN in a row: the account is locked now, and Bank.unlock unlocks it";
    let is_locked = bank.account(account, None).await.ok()?.is_locked();
    is_locked.then(|| Explanation { about: &["account", "payer"], clause: clause.to_owned() })
}
