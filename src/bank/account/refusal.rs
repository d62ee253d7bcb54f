//! Why an account refuses a command.

use thiserror::Error;

use super::id::InvalidName;
use super::money::Money;

/// Why an account refuses a command.
///
/// A payment beyond balance and overdraft limit is not refused but declined, which is an event.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// An account of this name already exists.
    #[error("the account already exists")]
    AccountExists,
    /// No new account may have this name. One that was created before such names were refused keeps it.
    #[error("{0}")]
    InvalidName(InvalidName),
    /// There is no account of this name.
    #[error("there is no such account")]
    NoAccount,
    /// The balance would exceed [`Money::MAX`].
    #[error("the balance would exceed {}", Money::MAX)]
    BalanceLimit,
    /// The account has a PIN, but none was given.
    #[error("the account requires a PIN")]
    PinRequired,
    /// The account has no PIN to change.
    #[error("the account has no PIN")]
    NoPin,
    /// Too many wrong PINs in a row; see [`MAX_WRONG_PINS`](crate::bank::MAX_WRONG_PINS).
    #[error("the account is locked")]
    AccountLocked,
    /// The account is not locked.
    #[error("the account is not locked")]
    NotLocked,
    /// The account is closed, and changes no more.
    #[error("the account is closed")]
    AccountClosed,
    /// The account holds money, and so cannot be closed.
    #[error("the account's balance is not zero")]
    BalanceNotZero,
    /// More than the new overdraft limit is used.
    #[error("more than this overdraft limit is used")]
    OverdraftInUse,
    /// A transfer from the account is under way, and so it cannot be closed.
    #[error("a transfer of this account is under way")]
    TransferUnderWay,
    /// The account is frozen: nothing goes out.
    #[error("the account is frozen")]
    AccountFrozen,
    /// The account is frozen already.
    #[error("the account is frozen already")]
    AlreadyFrozen,
    /// The account is not frozen.
    #[error("the account is not frozen")]
    NotFrozen,
    /// The PIN was checked against a verifier other than the account's, because the account was created or its PIN
    /// changed meanwhile. The bank checks the PIN again; callers never see this refusal.
    #[error("the PIN was checked against an outdated verifier")]
    OutdatedPinCheck,
    /// Payer and payee are the same account.
    #[error("an account cannot transfer money to itself")]
    SameAccount,
    /// The account has reached the limit of concurrent transfers.
    #[error("too many transfers of this account are under way")]
    TooManyTransfers,
    /// The transfer has no open reservation.
    #[error("nothing is reserved for this transfer")]
    NoReservation,
    /// The booking was reversed before.
    #[error("the booking is already reversed")]
    AlreadyReversed,
    /// Balance and overdraft limit are less than is to be taken back. A payment beyond them is an event instead.
    #[error("the account holds too little to reverse the booking")]
    Overdrawn,
}
