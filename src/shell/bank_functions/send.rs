//! Sends commands: waits for the outcome under strong consistency, and collects it later under eventual.

use tokio::task::JoinError;

use super::BankFunctions;
use super::replies::{describe, not_carried_out, not_sent};
use crate::bank::{Bank, CommandFailure, Operation, Receipt};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::Conversation;
use crate::shell::event_record::event_record;
use crate::shell::functions::{Call, NotDone, Outcome, Reply};
use crate::shell::term::Term;

/// How many commands may be pending under eventual consistency. At the limit, the next statement waits for one.
const MAX_PENDING: usize = 1_024;

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
        let pending = operation.metadata(conversation).send().await.map_err(not_sent)?;
        let Some(name_of_command) = name_of_command else {
            let outcome = outcome(bank, pending.receipt().await, to_term, call.as_json()).await;
            drop(followed);
            return outcome;
        };
        let (bank, trace) = (bank.clone(), self.trace.clone());
        self.pending.spawn(async move {
            let outcome = outcome(&bank, pending.receipt().await, to_term, false).await;
            let (reply, failed) = match outcome {
                Ok(reply) => (reply.term, None),
                Err(NotDone { reply, failed, .. }) => (reply, failed.map(|failed| failed.message)),
            };
            if matches!(reply, Term::Error(_)) {
                trace.add_line(format_args!("{reply} # {name_of_command}"));
            }
            drop(followed);
            failed
        });
        while self.pending.len() > MAX_PENDING {
            let finished = self.pending.join_next().await;
            self.keep_failure(finished);
        }
        while let Some(finished) = self.pending.try_join_next() {
            self.keep_failure(Some(finished));
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
            self.keep_failure(Some(finished));
        }
    }

    fn keep_failure(&mut self, finished: Option<Result<Option<String>, JoinError>>) {
        if let Some(Ok(Some(failed))) = finished {
            self.failed = Some(failed);
        }
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
    Ok(Reply { events, declined, ..to_term(bank, &receipt).into() })
}
