//! Operations that change something, on their way.

use tokio::task::JoinError;

use super::BankFunctions;
use super::replies::{not_carried_out, not_sent, said};
use crate::bank::{Bank, CommandFailure, Operation, Receipt};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::Conversation;
use crate::shell::event_record::event_record;
use crate::shell::functions::{Answer, Call, NotDone, Outcome};
use crate::shell::term::Term;

/// Under eventual consistency, commands that were sent and not yet handled. Beyond that a statement waits.
const MAX_UNDER_WAY: usize = 1_024;

/// What is replied to a command that was handled.
type Reply = fn(&Bank, &Receipt) -> Term;

impl BankFunctions {
    /// Has the bank do something, in a conversation that the trace follows. Under eventual consistency it is only sent, and
    /// what comes of it is told later, where it is a refusal.
    pub(super) async fn carry_out<T: 'static, E: From<CommandFailure> + 'static>(
        &mut self,
        call: Call<'_>,
        bank: &Bank,
        conversation: Conversation,
        operation: Operation<'_, T, E>,
        reply: Reply,
    ) -> Outcome {
        let followed = self.trace.follow(conversation.metadata().correlation_id);
        let late_name = format!("{}, {}", operation.title(), Term::String(operation.account().to_string()));
        let pending = operation.metadata(conversation).send().await.map_err(not_sent)?;
        if self.consistency == Consistency::Strong {
            let outcome = answered(bank, pending.receipt().await, reply, call.as_json()).await;
            drop(followed);
            return outcome;
        }
        let (bank, trace) = (bank.clone(), self.trace.clone());
        self.under_way.spawn(async move {
            let outcome = answered(&bank, pending.receipt().await, reply, false).await;
            let (reply, failed) = match outcome {
                Ok(answer) => (answer.reply, None),
                Err(NotDone { reply, failed }) => (reply, failed.map(|failed| failed.message)),
            };
            if matches!(reply, Term::Error(_)) {
                trace.add_line(format_args!("{reply} # {late_name}"));
            }
            drop(followed);
            failed
        });
        while self.under_way.len() > MAX_UNDER_WAY {
            let handled = self.under_way.join_next().await;
            self.keep_failure(handled);
        }
        while let Some(handled) = self.under_way.try_join_next() {
            self.keep_failure(Some(handled));
        }
        Ok(Term::OK.into())
    }

    /// Interrupted, it leaves no bank open, and the bank goes on closing.
    pub(super) async fn close_bank(&mut self, bank: &Bank) {
        self.replace_bank(None);
        bank.close().await;
        self.finish_under_way().await;
        // What has stopped it may have come after the last reply.
        self.failed = bank.failure().map(|unavailable| said(&unavailable)).or(self.failed.take());
    }

    pub(super) async fn finish_under_way(&mut self) {
        while let Some(handled) = self.under_way.join_next().await {
            self.keep_failure(Some(handled));
        }
    }

    fn keep_failure(&mut self, handled: Option<Result<Option<String>, JoinError>>) {
        if let Some(Ok(Some(failed))) = handled {
            self.failed = Some(failed);
        }
    }
}

/// The reply to a command, and the events that it has led to if they are wanted.
async fn answered(bank: &Bank, outcome: Result<Receipt, CommandFailure>, reply: Reply, wants_events: bool) -> Outcome {
    let receipt = outcome.map_err(|failure| not_carried_out(bank, &failure))?;
    // What cannot be read any more is left out: the reply tells what has become of the command.
    let events = if wants_events { bank.conversation(&receipt).await.unwrap_or_default() } else { Vec::new() };
    let events = events.iter().filter_map(event_record).collect();
    Ok(Answer { reply: reply(bank, &receipt), events, live: None })
}
