//! The bank: a domain of accounts with PINs, transfers, a bonus policy and thank-you e-mails.
//!
//! Programs use the handle [`Bank`]. Behind it, an [`Account`] decides on each [`AccountCommand`], the event store
//! appends the [`AccountEvent`]s, and the projections [`Balances`], [`Accounts`], [`TotalDeposits`] and [`Transfers`]
//! answer queries. A [`Pin`] is part of neither commands nor events: the log has its [`PinVerifier`], and an account
//! sees only a [`PinCheck`].

mod account;
mod ceo_bonus;
mod currency;
mod email;
mod errors;
mod fork;
mod handle;
mod invariants;
mod loading;
mod not_transferred;
mod open;
mod operations;
mod options;
mod pin;
mod queries;
mod standing_errors;
mod transfer;

pub use self::account::{
    Account, AccountChange, AccountCommand, AccountDetails, AccountEntry, AccountEvent, AccountFilter, AccountHolder,
    AccountId, Accounts, Balance, Balances, BookingDate, BookingDetails, Change, ComposedLetter, DeclinedDetails,
    EmailAddress, FutureDate, HolderName, Incoming, InvalidAmount, InvalidDate, InvalidEmail, InvalidMemo, InvalidName,
    InvalidOverdraftLimit, InvalidReason, Lookalike, MAX_WRONG_PINS, Memo, Money, Movement, Opening, Outgoing,
    OverdraftLimit, Recipient, Refusal, ReleaseReason, Released, Reversal, StatedReason, TotalDeposits, TransferId,
};
pub use self::ceo_bonus::{CeoBonus, PaidBonuses};
pub use self::currency::{
    ChooseCurrency, Currency, CurrencyChosen, CurrencyCode, CurrencyKnown, Ledger, NoAmount, NoCurrency, TheLedger,
};
pub use self::email::{AddressBook, EmailTarget, InvalidEmailTarget, ThankYouEmail};
pub use self::errors::{
    AddHandlerError, BackupError, CheckBalanceError, ChooseCurrencyError, CommandFailure, CreateError, DepositError,
    ExportError, ImportError, OpenError, QueryError, ReverseError, TransferError, Unavailable, UnlockError,
    WithdrawError,
};
pub use self::handle::Bank;
pub use self::loading::{
    Column, ColumnNames, DatePattern, DecimalMark, Encoding, InvalidColumns, InvalidDatePattern, LoadError,
    LoadOptions, LoadStep, Loaded, Mistake, NotBooked, UnknownDecimalMark, UnknownEncoding, WhyNotBooked,
};
pub use self::not_transferred::NotTransferred;
pub use self::operations::{
    AwaitedOperation, Booking, NewAccount, Operation, PendingCommand, PendingOperation, Receipt, TransferOutcome,
    Withdrawal,
};
pub use self::options::Options;
pub use self::pin::{
    InvalidVerifier, MalformedPin, PIN_SECRET, Pin, PinCheck, PinCost, PinOptions, PinSecret, PinSecretError,
    PinSecretSource, PinVerifier, ShortSecret, StoredPins, WRONG_PIN_SECRET,
};
pub use self::queries::{
    BalanceAt, Bound, InvalidMonth, InvalidPeriod, LOCKING_PIN, Month, Period, Reason, Statement, StatementLine,
    WRONG_PIN,
};
pub use self::standing_errors::{
    ChangeAccountError, ChangePinError, CloseAccountError, FreezeError, OverdraftLimitError, UnfreezeError,
};
pub use self::transfer::{Ending, Step, TransferProcess, TransferRecord, TransferState, Transfers};

/// The cause of a bank's command.
pub type Cause = crate::engine::application::Cause<AccountEvent>;

/// A live stream of a bank's events.
pub type Watch = crate::engine::application::watch::Watch<AccountEvent>;

pub use crate::engine::application::handlers::{HandlerReport, MAX_PARKED};
pub use crate::engine::application::{ForkError, ImportOptions, ImportStep};

pub use crate::engine::log::Moment;
pub use crate::engine::store::log_head::{InvalidLogHead, LogHead};
pub use crate::engine::store::{BackupStep, ClusterOptions, StoreUrl, Verification, Verified};
