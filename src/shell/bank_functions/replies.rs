//! The words for the bank, and the reply to each refusal and failure.

use super::errors::{
    ACCOUNT_CLOSED, ACCOUNT_EXISTS, ACCOUNT_FROZEN, ACCOUNT_LOCKED, ACCOUNT_OVERDRAWN, ALREADY_FROZEN,
    ALREADY_REVERSED, BALANCE_LIMIT, BALANCE_NOT_ZERO, GIVEN_UP, INVALID_NAME, INVALID_PIN, NO_ACCOUNT, NO_PAYEE,
    NO_PIN, NO_PIN_SECRET, NO_RESERVATION, NOT_FROZEN, NOT_LOCKED, OVERDRAFT_IN_USE, PIN_REQUIRED, SAME_ACCOUNT,
    TOO_MANY_TRANSFERS, TRANSFER_UNDER_WAY, WRONG_PIN_SECRET,
};
use crate::bank::{
    self, Account, AccountEvent, AccountId, Bank, CheckBalanceError, CommandFailure, Moment, NotTransferred,
    QueryError, Receipt, Refusal, Unavailable,
};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::StreamId;
use crate::engine::runtime::StopReason;
use crate::engine::store::StoreError;
use crate::shell::application_functions::{self, Words, not_there_yet, words};
use crate::shell::common_errors::{BUSY, COMMAND_ID_TAKEN, NO_EVENT};
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::{Explanation, NotDone};
use crate::shell::query_arguments::beyond_the_end;
use crate::shell::term::Term;

/// The words for the bank in replies and help.
pub(super) static WORDS: Words = Words {
    lacking: |what| if what == bank::WRONG_PIN_SECRET { WRONG_PIN_SECRET } else { NO_PIN_SECRET },
    ..words! {
        module: "Bank",
        called: "bank",
        thing: "bank",
        of: "one account",
        stream: "Wolfman",
        no_stream: NO_ACCOUNT,
        mended: "Once that is repaired, Bank.close and Bank.open start it again",
        holds: "that balances and reservations add up to deposits minus withdrawals,\nand no balance is below its overdraft limit;",
        imported: "No e-mail is\nsent and no bonus paid again; a transfer that had not ended continues.",
        projections: "balances, accounts, deposits and transfers",
        handler: "balances",
    }
};

/// The reply to a command that was handled.
pub(super) fn handled(_: &Bank, receipt: &Receipt) -> Term {
    application_functions::handled(receipt)
}

/// The reply to a change that was handled; it may have been declined because of a wrong PIN.
pub(super) fn changed(bank: &Bank, receipt: &Receipt) -> Term {
    match receipt.events().first().map(|event| &event.data) {
        Some(AccountEvent::PinRejected { .. }) => Term::Error(INVALID_PIN),
        _ => handled(bank, receipt),
    }
}

/// The reason of a refusal.
pub(super) fn refused(refusal: &Refusal) -> ErrorReason {
    match refusal {
        Refusal::AccountExists => ACCOUNT_EXISTS,
        Refusal::InvalidName(_) => INVALID_NAME,
        Refusal::NoAccount => NO_ACCOUNT,
        Refusal::BalanceLimit => BALANCE_LIMIT,
        Refusal::PinRequired => PIN_REQUIRED,
        Refusal::AccountLocked => ACCOUNT_LOCKED,
        Refusal::NotLocked => NOT_LOCKED,
        Refusal::AccountClosed => ACCOUNT_CLOSED,
        Refusal::BalanceNotZero => BALANCE_NOT_ZERO,
        Refusal::OverdraftInUse => OVERDRAFT_IN_USE,
        Refusal::TransferUnderWay => TRANSFER_UNDER_WAY,
        Refusal::AccountFrozen => ACCOUNT_FROZEN,
        Refusal::AlreadyFrozen => ALREADY_FROZEN,
        Refusal::NotFrozen => NOT_FROZEN,
        Refusal::NoPin => NO_PIN,
        Refusal::OutdatedPinCheck => BUSY,
        Refusal::SameAccount => SAME_ACCOUNT,
        Refusal::TooManyTransfers => TOO_MANY_TRANSFERS,
        Refusal::NoReservation => NO_RESERVATION,
        Refusal::AlreadyReversed => ALREADY_REVERSED,
        Refusal::Overdrawn => ACCOUNT_OVERDRAWN,
    }
}

/// The reply to a command that was not carried out.
pub(super) fn failure(failure: &CommandFailure) -> Term {
    Term::Error(match failure {
        CommandFailure::Refused(refusal) => refused(refusal),
        CommandFailure::IdTaken { .. } => COMMAND_ID_TAKEN,
        CommandFailure::Unavailable(unavailable) => return WORDS.unavailable(unavailable),
    })
}

/// The reply to a transfer that was handled but moved no money.
pub(super) fn not_transferred(reason: &NotTransferred) -> Term {
    Term::Error(match reason {
        NotTransferred::NoPayee => NO_PAYEE,
        NotTransferred::Overdrawn { .. } => ACCOUNT_OVERDRAWN,
        NotTransferred::BalanceLimit => BALANCE_LIMIT,
        NotTransferred::GivenUp => GIVEN_UP,
        NotTransferred::WrongPin => INVALID_PIN,
    })
}

/// The reply to a query that failed.
pub(super) fn no_answer(error: QueryError) -> NotDone {
    WORDS.no_answer(error)
}

/// The outcome of a query about an account that failed. One that was opened later is said to be no account yet.
pub(super) async fn no_balance(
    bank: &Bank,
    account: &AccountId,
    moment: Option<Moment>,
    error: CheckBalanceError,
) -> NotDone {
    match error {
        CheckBalanceError::NoAccount => {
            let stream = StreamId::new(Account::CATEGORY, account);
            let explanation = not_there_yet(bank, &stream, moment).await;
            NotDone::from(Term::Missing(NO_ACCOUNT)).explained(explanation)
        }
        CheckBalanceError::NoLine => {
            let clause = "the account has no event at this position: Bank.events with its name shows those there are";
            let explanation = Explanation { about: &["before"], clause: clause.to_owned() };
            NotDone::from(Term::Error(NO_EVENT)).explained(Some(explanation))
        }
        CheckBalanceError::NotYet(not_yet) => beyond_the_end(not_yet),
        CheckBalanceError::Unavailable(unavailable) => WORDS.unavailable(&unavailable).into(),
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
