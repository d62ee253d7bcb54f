//! What the bank answers, as replies and as JSON.

use serde_json::value::to_raw_value;

use crate::bank::{
    AccountCommand, AccountEntry, AccountEvent, CommandFailure, Receipt, Refusal, StatementLine, Unavailable,
};
use crate::engine::aggregate::Command as _;
use crate::engine::event::{DomainEvent as _, RecordedEvent};
use crate::engine::store::StoreError;
use crate::engine::store::stored_event::DataOf;
use crate::shell::term::{Table, Term};

/// The reply to a command that was handled, declined payments included.
pub(super) fn handled(receipt: &Receipt) -> Term {
    if receipt.lagging().is_empty() {
        return Term::OK;
    }
    let lagging = receipt.lagging().iter().map(|name| Term::String((*name).to_owned())).collect();
    let committed = integer(receipt.position().get());
    Term::Ok(Box::new(Term::Map(vec![("committed", committed), ("lagging", Term::List(lagging))])))
}

/// The reply to what was not done; who holds a file is told besides.
pub(super) fn failure(failure: &CommandFailure) -> Term {
    if let CommandFailure::Unavailable(busy @ Unavailable::Store(StoreError::Busy(_))) = failure {
        tracing::warn!("{busy}");
    }
    Term::Error(match failure {
        CommandFailure::Refused(Refusal::AccountExists) => "account_exists",
        CommandFailure::Refused(Refusal::NoAccount) => "no_account",
        CommandFailure::Refused(Refusal::BalanceLimit) => "balance_limit",
        CommandFailure::Refused(Refusal::PinRequired) => "pin_required",
        CommandFailure::Refused(Refusal::AccountLocked) => "account_locked",
        CommandFailure::Refused(Refusal::NotLocked) => "not_locked",
        CommandFailure::Refused(Refusal::OutdatedPinCheck) => "busy",
        CommandFailure::Refused(Refusal::SameAccount) => "same_account",
        CommandFailure::Refused(Refusal::TooManyTransfers) => "too_many_transfers",
        CommandFailure::Refused(Refusal::NoReservation) => "no_reservation",
        CommandFailure::IdTaken { .. } => "command_id_taken",
        CommandFailure::Unavailable(Unavailable::Closed) => "bank_closed",
        CommandFailure::Unavailable(Unavailable::Stopped(_)) => "bank_stopped",
        CommandFailure::Unavailable(
            Unavailable::OutcomeUnknown { .. } | Unavailable::Store(StoreError::OutcomeUnknown(_)),
        ) => "outcome_unknown",
        CommandFailure::Unavailable(Unavailable::Store(StoreError::Busy(_))) => "busy",
        CommandFailure::Unavailable(Unavailable::Store(_)) => "store_failed",
        CommandFailure::Unavailable(Unavailable::Busy) => "busy",
        CommandFailure::Unavailable(Unavailable::Defect(_) | Unavailable::Missing(_)) => "defect",
        CommandFailure::Unavailable(Unavailable::Behind { .. }) => "behind",
        CommandFailure::Unavailable(Unavailable::Lacking { .. }) => "no_pin_secret",
    })
}

pub(super) fn integer(number: u64) -> Term {
    Term::Integer(number.into())
}

/// The account list: each with its name and its holder.
pub(super) fn account_list(entries: &[AccountEntry]) -> Term {
    let account = |entry: &AccountEntry| {
        let (id, holder) = (entry.account_id.to_string(), entry.holder.to_string());
        Term::Map(vec![("id", Term::String(id)), ("holder", Term::String(holder))])
    };
    Term::List(entries.iter().map(account).collect())
}

/// What a refusal that comes late was the answer to.
pub(super) fn late_name(command: &AccountCommand) -> String {
    format!("{}, {}", command.title(), Term::String(command.target().to_string()))
}

/// What an event says, as JSON.
pub(super) fn data(event: &AccountEvent) -> Term {
    to_raw_value(&DataOf(event)).map_or(Term::Nil, Term::Json)
}

/// The log as a table.
pub(super) fn event_table(events: &[RecordedEvent<AccountEvent>]) -> Term {
    let row = |event: &RecordedEvent<AccountEvent>| {
        vec![
            integer(event.position.get()),
            Term::String(event.stream.to_string()),
            integer(event.version.get()),
            Term::String(event.time.to_string()),
            Term::String(event.data.event_type().to_owned()),
            data(&event.data),
            Term::String(event.metadata.command_id.to_string()),
            Term::String(event.metadata.correlation_id.to_string()),
            Term::String(event.metadata.causation_id.to_string()),
        ]
    };
    let columns =
        &["position", "stream", "version", "time", "type", "data", "command_id", "correlation_id", "causation_id"];
    Term::Table(Table { columns, rows: events.iter().map(row).collect() })
}

/// An account's statement as a table.
pub(super) fn statement_table(lines: &[StatementLine]) -> Term {
    let row = |line: &StatementLine| {
        vec![
            integer(line.position.get()),
            Term::String(line.time.to_string()),
            Term::String(line.what.to_owned()),
            line.amount.map_or(Term::Nil, |amount| integer(amount.minor_units())),
            integer(line.balance.minor_units()),
        ]
    };
    let columns = &["position", "date", "what", "amount", "balance"];
    Term::Table(Table { columns, rows: lines.iter().map(row).collect() })
}
