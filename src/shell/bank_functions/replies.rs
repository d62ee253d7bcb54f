//! The words for the bank, and the reply to each refusal and failure.

use crate::bank::{
    AccountEvent, Bank, CheckBalanceError, CommandFailure, NotTransferred, QueryError, Receipt, Refusal, Unavailable,
    WRONG_PIN_SECRET,
};
use crate::engine::runtime::StopReason;
use crate::engine::store::StoreError;
use crate::shell::application_functions::{self, Words, words};
use crate::shell::functions::NotDone;
use crate::shell::query_arguments::beyond_the_end;
use crate::shell::term::Term;

/// The words for the bank in replies and help.
pub(super) static WORDS: Words = Words {
    lacking: |what| if what == WRONG_PIN_SECRET { "wrong_pin_secret" } else { "no_pin_secret" },
    ..words! {
        module: "Bank",
        called: "bank",
        thing: "bank",
        of: "one account",
        stream: "Wolfman",
        no_stream: "no_account",
        mended: "Once\nthat is repaired, Bank.close and Bank.open start it again.",
        holds: "that balances and reservations add up to deposits minus withdrawals,\nand no balance is below its overdraft limit;",
        imported: "No e-mail is\nsent and no bonus paid again; a transfer that had not ended continues.",
        projections: "balances, accounts, deposits and transfers",
    }
};

/// The reply to a command that was handled.
pub(super) fn handled(_: &Bank, receipt: &Receipt) -> Term {
    application_functions::handled(receipt)
}

/// The reply to a change that was handled; it may have been declined because of a wrong PIN.
pub(super) fn changed(bank: &Bank, receipt: &Receipt) -> Term {
    match receipt.events().first().map(|event| &event.data) {
        Some(AccountEvent::PinRejected { .. }) => Term::Error("invalid_pin"),
        _ => handled(bank, receipt),
    }
}

/// The reply to a command that was not carried out.
pub(super) fn failure(failure: &CommandFailure) -> Term {
    Term::Error(match failure {
        CommandFailure::Refused(Refusal::AccountExists) => "account_exists",
        CommandFailure::Refused(Refusal::InvalidName(_)) => "invalid_name",
        CommandFailure::Refused(Refusal::NoAccount) => "no_account",
        CommandFailure::Refused(Refusal::BalanceLimit) => "balance_limit",
        CommandFailure::Refused(Refusal::PinRequired) => "pin_required",
        CommandFailure::Refused(Refusal::AccountLocked) => "account_locked",
        CommandFailure::Refused(Refusal::NotLocked) => "not_locked",
        CommandFailure::Refused(Refusal::AccountClosed) => "account_closed",
        CommandFailure::Refused(Refusal::BalanceNotZero) => "balance_not_zero",
        CommandFailure::Refused(Refusal::OverdraftInUse) => "overdraft_in_use",
        CommandFailure::Refused(Refusal::TransferUnderWay) => "transfer_under_way",
        CommandFailure::Refused(Refusal::AccountFrozen) => "account_frozen",
        CommandFailure::Refused(Refusal::AlreadyFrozen) => "already_frozen",
        CommandFailure::Refused(Refusal::NotFrozen) => "not_frozen",
        CommandFailure::Refused(Refusal::NoPin) => "no_pin",
        CommandFailure::Refused(Refusal::OutdatedPinCheck) => "busy",
        CommandFailure::Refused(Refusal::SameAccount) => "same_account",
        CommandFailure::Refused(Refusal::TooManyTransfers) => "too_many_transfers",
        CommandFailure::Refused(Refusal::NoReservation) => "no_reservation",
        CommandFailure::Refused(Refusal::AlreadyReversed) => "already_reversed",
        CommandFailure::Refused(Refusal::Overdrawn) => "account_overdrawn",
        CommandFailure::IdTaken { .. } => "command_id_taken",
        CommandFailure::Unavailable(unavailable) => return WORDS.unavailable(unavailable),
    })
}

/// The reply to a transfer that was handled but moved no money.
pub(super) fn not_transferred(reason: &NotTransferred) -> Term {
    Term::Error(match reason {
        NotTransferred::NoPayee => "no_payee",
        NotTransferred::Overdrawn { .. } => "account_overdrawn",
        NotTransferred::BalanceLimit => "balance_limit",
        NotTransferred::WrongPin => "invalid_pin",
    })
}

/// The reply to a query that failed.
pub(super) fn no_answer(error: QueryError) -> Term {
    WORDS.no_answer(error)
}

pub(super) fn no_balance(error: CheckBalanceError) -> Term {
    match error {
        CheckBalanceError::NoAccount => Term::Atom("no_account"),
        CheckBalanceError::NotYet(not_yet) => beyond_the_end(not_yet),
        CheckBalanceError::Unavailable(unavailable) => WORDS.unavailable(&unavailable),
    }
}

/// The outcome when a command could not even be sent.
pub(super) fn not_sent(unavailable: Unavailable) -> NotDone {
    failure(&unavailable.into()).into()
}

/// The outcome when a command was not carried out, with a message if the store failed. A busy store has not failed.
pub(super) fn not_carried_out(bank: &Bank, not_done: &CommandFailure) -> NotDone {
    let reply = failure(not_done);
    match not_done {
        CommandFailure::Unavailable(unavailable @ (Unavailable::Store(_) | Unavailable::OutcomeUnknown { .. })) => {
            NotDone::failed(reply, explained(bank, unavailable))
        }
        CommandFailure::Unavailable(
            Unavailable::Closed
            | Unavailable::Stopped(_)
            | Unavailable::Busy
            | Unavailable::Defect(_)
            | Unavailable::Missing(_)
            | Unavailable::Behind { .. }
            | Unavailable::Lacking { .. },
        )
        | CommandFailure::Refused(_)
        | CommandFailure::IdTaken { .. } => reply.into(),
    }
}

/// The message about a failure, with what to do where that is known.
pub(super) fn explained(bank: &Bank, unavailable: &Unavailable) -> String {
    let has_failed = matches!(
        unavailable,
        Unavailable::OutcomeUnknown { .. }
            | Unavailable::Store(StoreError::OutcomeUnknown(_))
            | Unavailable::Stopped(StopReason::StoreFailed { .. })
    );
    match bank.url().path() {
        Some(path) if has_failed => {
            let path = Term::String(path.display().to_string());
            format!(
                "{}; once that is repaired, `Bank.close` and `Bank.open {path}` start it again",
                describe(unavailable)
            )
        }
        Some(_) | None => describe(unavailable),
    }
}

pub(super) fn describe(unavailable: &Unavailable) -> String {
    match unavailable {
        Unavailable::Busy => "too many other commands change this account at the same time".to_owned(),
        other => WORDS.describe(other),
    }
}
