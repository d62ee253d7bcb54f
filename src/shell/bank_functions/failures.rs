//! What a person is told when the store fails under an open bank.

use crate::bank::{Bank, CommandFailure, Receipt, Unavailable};
use crate::engine::runtime::StopReason;
use crate::engine::store::StoreError;
use crate::shell::application_functions::{Words, words};
use crate::shell::term::Term;

/// What it is called.
pub(super) static WORDS: Words = Words { lacking: "no_pin_secret", ..words!("bank") };

/// What the store says that could not store a command, or may not have. One that is busy has not failed.
pub(super) fn store_failure(bank: &Bank, outcome: &Result<Receipt, CommandFailure>) -> Option<String> {
    match outcome {
        Err(CommandFailure::Unavailable(Unavailable::Store(StoreError::Busy(_)))) => None,
        Err(CommandFailure::Unavailable(
            unavailable @ (Unavailable::Store(_) | Unavailable::OutcomeUnknown { .. }),
        )) => Some(explained(bank, unavailable)),
        _ => None,
    }
}

/// What has failed, and how to go on where that is known.
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
            format!("{}; once that is mended, `Bank.close` and `Bank.open {path}` go on", said(unavailable))
        }
        _ => said(unavailable),
    }
}

pub(super) fn said(unavailable: &Unavailable) -> String {
    match unavailable {
        Unavailable::Busy => "too many others change this account at once".to_owned(),
        other => WORDS.said(other),
    }
}
