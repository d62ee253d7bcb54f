//! Errors that several of the bank's functions may reply.

use super::errors::{
    ACCOUNT_CLOSED, ACCOUNT_LOCKED, BANK_NOT_OPEN, FUTURE_DATE, INVALID_AMOUNT, INVALID_DATE, INVALID_MEMO,
    INVALID_NAME, MALFORMED_PIN, NO_ACCOUNT, NO_DECIMALS, NO_PIN_SECRET, PIN_REQUIRED, TOO_MANY_DECIMALS,
    WRONG_PIN_SECRET,
};
use super::replies::WORDS;
use crate::shell::common_errors::{BEHIND, BUSY, COMMAND_ID_TAKEN, DEFECT, OUTCOME_UNKNOWN, STORE_FAILED, UNAVAILABLE};
use crate::shell::error_reason::ErrorReason;

/// What every function of an open bank may reply.
pub(super) const ANY: &[ErrorReason] =
    &[BANK_NOT_OPEN, BUSY, BEHIND, UNAVAILABLE, WORDS.stopped, WORDS.closed, STORE_FAILED, DEFECT];

/// What every function may reply that answers a question.
pub(super) const QUESTION: &[&[ErrorReason]] = &[ANY];

/// What every function may reply that stores events.
pub(super) const COMMAND: &[&[ErrorReason]] = &[ANY, &[OUTCOME_UNKNOWN, COMMAND_ID_TAKEN]];

/// What a command to an account may lead to.
pub(super) const ACCOUNTS: &[ErrorReason] = &[NO_ACCOUNT, ACCOUNT_CLOSED, INVALID_NAME];

/// What an amount may lead to.
pub(super) const AMOUNTS: &[ErrorReason] = &[INVALID_AMOUNT, TOO_MANY_DECIMALS, NO_DECIMALS];

/// What a memo and a booking date may lead to.
pub(super) const DETAILS: &[ErrorReason] = &[INVALID_MEMO, INVALID_DATE, FUTURE_DATE];

/// What a PIN may lead to.
pub(super) const PINS: &[ErrorReason] = &[ACCOUNT_LOCKED, PIN_REQUIRED, MALFORMED_PIN, NO_PIN_SECRET, WRONG_PIN_SECRET];

/// What closing the bank may lead to.
pub(super) const CLOSING: &[&[ErrorReason]] = &[&[BANK_NOT_OPEN, WORDS.stopped]];
