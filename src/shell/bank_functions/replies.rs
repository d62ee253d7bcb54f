//! What the bank answers, as replies and as JSON.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::bank::{
    AccountCommand, AccountEntry, AccountEvent, CommandFailure, Receipt, Refusal, StatementLine, Unavailable,
};
use crate::engine::aggregate::Command as _;
use crate::engine::event::{DomainEvent as _, RecordedEvent};
use crate::shell::functions::Answer;
use crate::shell::term::{Table, Term};

/// The reply to a command that was handled, declined payments included.
pub(super) fn handled(receipt: &Receipt, events: bool) -> Answer {
    let reply = if receipt.lagging().is_empty() {
        Term::OK
    } else {
        let lagging = receipt.lagging().iter().map(|name| Term::String((*name).to_owned())).collect();
        let committed = integer(receipt.position().get());
        Term::Ok(Box::new(Term::Map(vec![("committed", committed), ("lagging", Term::List(lagging))])))
    };
    let events = if events { receipt.events().iter().filter_map(event_record).collect() } else { Vec::new() };
    Answer { reply, events }
}

pub(super) fn failure(failure: &CommandFailure) -> Term {
    Term::Error(match failure {
        CommandFailure::Refused(Refusal::AccountExists) => "account_exists",
        CommandFailure::Refused(Refusal::NoAccount) => "no_account",
        CommandFailure::Refused(Refusal::BalanceLimit) => "balance_limit",
        CommandFailure::Refused(Refusal::PinRequired) => "pin_required",
        CommandFailure::Refused(Refusal::AccountLocked) => "account_locked",
        CommandFailure::Refused(Refusal::NotLocked) => "not_locked",
        CommandFailure::Refused(Refusal::OutdatedPinCheck) => "busy",
        CommandFailure::Unavailable(Unavailable::Closed) => "bank_closed",
        CommandFailure::Unavailable(Unavailable::Stopped(_)) => "bank_stopped",
        CommandFailure::Unavailable(Unavailable::Busy) => "busy",
        CommandFailure::Unavailable(Unavailable::Defect(_)) => "defect",
        CommandFailure::Unavailable(Unavailable::PinSecret(_)) => "no_pin_secret",
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

/// The log as a table.
pub(super) fn event_table(events: &[RecordedEvent<AccountEvent>]) -> Term {
    let row = |event: &RecordedEvent<AccountEvent>| {
        vec![
            integer(event.position.get()),
            Term::String(event.stream.to_string()),
            integer(event.version.get()),
            Term::String(event.time.to_string()),
            Term::String(event.data.event_type().to_owned()),
            to_raw_value(&event.data).map_or(Term::Nil, Term::Json),
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

#[derive(Serialize)]
struct EventRecord<'a> {
    position: u64,
    stream: &'a str,
    version: u64,
    r#type: &'static str,
    data: &'a AccountEvent,
    time: String,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Uuid,
}

fn event_record(event: &RecordedEvent<AccountEvent>) -> Option<Box<RawValue>> {
    let record = EventRecord {
        position: event.position.get(),
        stream: event.stream.as_str(),
        version: event.version.get(),
        r#type: event.data.event_type(),
        data: &event.data,
        time: event.time.to_string(),
        command_id: event.metadata.command_id,
        correlation_id: event.metadata.correlation_id,
        causation_id: event.metadata.causation_id,
    };
    to_raw_value(&record).ok()
}
