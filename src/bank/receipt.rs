//! What comes of a command.

use super::errors::CommandFailure;
use super::{Account, AccountEvent, Bank, Money, Refusal};
use crate::engine::command_handler::{CommandError, Pending};
use crate::engine::event::{Position, RecordedEvent};
use crate::engine::store::Committed;

/// A command that was handled: the events it has led to are stored.
#[derive(Clone, Debug)]
pub struct Receipt {
    events: Committed<AccountEvent>,
    seen: Seen,
}

/// What came of waiting for the handlers.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The last event of the conversation that was waited for.
    pub(super) up_to: Position,
    /// Who had not seen it when waiting ended.
    pub(super) lagging: Vec<&'static str>,
}

impl Receipt {
    pub(super) fn new(events: Committed<AccountEvent>, seen: Seen) -> Self {
        Self { events, seen }
    }

    /// The command's events, in order.
    pub fn events(&self) -> &[RecordedEvent<AccountEvent>] {
        &self.events
    }

    /// The position of the command's last event.
    pub fn position(&self) -> Position {
        self.events.last().map_or(Position::START, |event| event.position)
    }

    /// The handlers that had not seen the last event when waiting for them ended: queries may answer from
    /// before it. Always empty when nobody was waited for.
    pub fn lagging(&self) -> &[&'static str] {
        &self.seen.lagging
    }

    /// The position of the last event that was waited for: the command's own, or one that a process manager has
    /// made of it.
    pub fn seen_up_to(&self) -> Position {
        self.seen.up_to
    }
}

/// A withdrawal that was handled.
#[derive(Clone, Debug)]
pub enum Withdrawal {
    /// The money is out.
    Paid(Receipt),
    /// There was not enough; nothing moved, and the decline is an event.
    Declined {
        /// What the account holds.
        balance: Money,
        /// The stored decline.
        receipt: Receipt,
    },
    /// The PIN was a wrong one; nothing moved, and that it was given is an event.
    WrongPin(Receipt),
}

/// A command on its way. Dropping it does not take the command back.
#[derive(Debug)]
pub struct PendingCommand {
    bank: Bank,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    ToCome(Pending<Account>),
    There(Box<Result<Committed<AccountEvent>, CommandError<Refusal>>>),
}

impl PendingCommand {
    pub(super) fn new(bank: Bank, pending: Pending<Account>) -> Self {
        Self { bank, answer: Answer::ToCome(pending) }
    }

    /// Waits for the decision, and for nothing that follows from it.
    pub(super) async fn decided(self) -> Self {
        let answer = match self.answer {
            Answer::ToCome(pending) => Answer::There(Box::new(pending.outcome().await)),
            there @ Answer::There(_) => there,
        };
        Self { answer, ..self }
    }

    /// Whether it has been refused for this.
    pub(super) fn is_refused_for(&self, reason: Refusal) -> bool {
        match &self.answer {
            Answer::There(answer) => matches!(**answer, Err(CommandError::Refused(refusal)) if refusal == reason),
            Answer::ToCome(_) => false,
        }
    }

    /// Waits until the command's events are stored and, under strong consistency, seen by all handlers.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why there are no events.
    pub async fn outcome(self) -> Result<Receipt, CommandFailure> {
        let answer = match self.answer {
            Answer::ToCome(pending) => pending.outcome().await,
            Answer::There(answer) => *answer,
        };
        self.bank.outcome(answer).await
    }
}
