//! Why an account says no.

use thiserror::Error;

use super::money::Money;

/// Why an account says no.
///
/// A payment beyond the balance is not here: it is declined, and the decline is an event.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// There is an account of this name already.
    #[error("the account exists already")]
    AccountExists,
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The deposit would take the balance beyond [`Money::MAX`].
    #[error("the balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// The account has a PIN, and none was given.
    #[error("the account asks for a PIN")]
    PinRequired,
    /// Too many wrong PINs in a row; see [`MAX_WRONG_PINS`](crate::bank::MAX_WRONG_PINS).
    #[error("the account is locked")]
    AccountLocked,
    /// There is nothing to unlock.
    #[error("the account is not locked")]
    NotLocked,
    /// The PIN was checked against another verifier than the account's, for the account was created meanwhile.
    /// The bank checks again; a caller never sees this.
    #[error("the PIN was checked against what is not the account's")]
    OutdatedPinCheck,
    /// Payer and payee are one.
    #[error("an account cannot transfer money to itself")]
    SameAccount,
    /// More transfers of this account are under way than it can keep track of.
    #[error("too many transfers of this account are under way")]
    TooManyTransfers,
    /// Nothing is reserved for this transfer, or no longer.
    #[error("nothing is reserved for this transfer")]
    NoReservation,
}
