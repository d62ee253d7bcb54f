//! What the bank answers, as replies and as JSON.

use super::failures::WORDS;
use crate::bank::{AccountCommand, AccountEntry, CommandFailure, Refusal, StatementLine};
use crate::engine::domain::Command as _;
use crate::shell::application_functions::integer;
use crate::shell::term::{Table, Term};

/// The reply to a command that was not carried out.
pub(super) fn failure(failure: &CommandFailure) -> Term {
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
        CommandFailure::Unavailable(unavailable) => return WORDS.unavailable(unavailable),
    })
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
