//! Every error that the bank's own functions may reply, each with its explanation.

use crate::shell::error_reason::ErrorReason;

const fn reason(name: &'static str, explanation: &'static str) -> ErrorReason {
    ErrorReason::new(name, explanation)
}

pub(super) const BANK_NOT_OPEN: ErrorReason =
    reason("bank_not_open", "no bank is open: Bank.open opens one in memory, and Bank.open \"bank.db\" one in a file");
pub(super) const ALREADY_OPEN: ErrorReason =
    reason("already_open", "a bank is open, and there is one at a time: Bank.close closes it");

pub(super) const NO_ACCOUNT: ErrorReason =
    reason("no_account", "there is no such account: Bank.create opens one, and Bank.get_account_list lists them")
        .about(&["account", "payer"]);
pub(super) const NO_PAYEE: ErrorReason = reason(
    "no_payee",
    "there is no such account, or it is closed, and the money is back: Bank.get_account_list lists the accounts",
)
.about(&["payee"]);
pub(super) const GIVEN_UP: ErrorReason =
    reason("given_up", "the transfer was parked and given up by Bank.skip, and the money is back: transfer it again");
pub(super) const ACCOUNT_EXISTS: ErrorReason =
    reason("account_exists", "there is an account of this name: choose another one").about(&["account"]);
pub(super) const INVALID_NAME: ErrorReason = reason("invalid_name", "a name has 1 to 64 printable characters")
    .about(&["account", "payer", "payee", "holder", "ceo_bonus"]);
pub(super) const INVALID_EMAIL: ErrorReason =
    reason("invalid_email", "an e-mail address looks like \"josh@example.org\"").about(&["email"]);
pub(super) const ACCOUNT_CLOSED: ErrorReason = reason(
    "account_closed",
    "the account is closed for good, and so is its name: Bank.statement still shows what happened to it",
)
.about(&["account", "payer"]);
pub(super) const ACCOUNT_FROZEN: ErrorReason = reason(
    "account_frozen",
    "nothing goes out of a frozen account: Bank.events says why it is, and Bank.unfreeze ends that",
)
.about(&["account", "payer"]);
pub(super) const ALREADY_FROZEN: ErrorReason =
    reason("already_frozen", "the account is frozen: Bank.unfreeze ends that").about(&["account"]);
pub(super) const NOT_FROZEN: ErrorReason =
    reason("not_frozen", "the account is not frozen: there is nothing to end").about(&["account"]);
pub(super) const BALANCE_NOT_ZERO: ErrorReason = reason(
    "balance_not_zero",
    "an account is closed only when its balance is 0: Bank.transfer moves what is left, Bank.deposit pays what is owed",
)
.about(&["account"]);
pub(super) const OVERDRAFT_IN_USE: ErrorReason = reason(
    "overdraft_in_use",
    "the balance is below what this limit allows: choose a higher limit, or pay money in first",
)
.about(&["limit"]);
pub(super) const INVALID_REASON: ErrorReason =
    reason("invalid_reason", "a reason has 1 to 140 printable characters").about(&["reason"]);

pub(super) const ACCOUNT_LOCKED: ErrorReason =
    reason("account_locked", "three wrong PINs in a row have locked the account: Bank.unlock unlocks it")
        .about(&["account", "payer"]);
pub(super) const NOT_LOCKED: ErrorReason =
    reason("not_locked", "the account is not locked: there is nothing to unlock").about(&["account"]);
pub(super) const PIN_REQUIRED: ErrorReason = reason(
    "pin_required",
    "the account has a PIN: it comes after the other arguments, and if it is left out, the prompt asks for it",
)
.about(&["account", "payer"]);
pub(super) const INVALID_PIN: ErrorReason =
    reason("invalid_pin", "the PIN is wrong, and three in a row lock the account").about(&["account", "payer"]);
pub(super) const MALFORMED_PIN: ErrorReason = reason("malformed_pin", "a PIN has 4 to 12 digits");
pub(super) const NO_PIN: ErrorReason =
    reason("no_pin", "the account has no PIN to replace: Bank.create sets one").about(&["account"]);
pub(super) const NO_PIN_SECRET: ErrorReason = reason(
    "no_pin_secret",
    "PINs need a secret to be verified with, and there is none: standard error says why; BANK_PIN_SECRET can hold it, in at least 16 bytes",
);
pub(super) const WRONG_PIN_SECRET: ErrorReason = reason(
    "wrong_pin_secret",
    "PINs were stored with another secret: put that into BANK_PIN_SECRET or its key file back. This does not count as a wrong PIN",
);

pub(super) const INVALID_AMOUNT: ErrorReason = reason(
    "invalid_amount",
    "an amount is from 1 to 1_000_000_000_000_000, in the smallest unit where there are decimals; a limit may be 0",
)
.about(&["amount", "deposit", "overdraft", "limit"]);
pub(super) const TOO_MANY_DECIMALS: ErrorReason =
    reason("too_many_decimals", "the bank's currency has fewer decimals, and no amount is rounded: write fewer")
        .about(&["amount", "deposit", "overdraft", "limit"]);
pub(super) const NO_DECIMALS: ErrorReason = reason(
    "no_decimals",
    "this bank has whole amounts: write 10 for 10.00; a new one has decimals with Bank.open currency: \"EUR\"",
)
.about(&["amount", "deposit", "overdraft", "limit"]);
pub(super) const BALANCE_LIMIT: ErrorReason =
    reason("balance_limit", "no balance can exceed 1_000_000_000_000_000: pay in less").about(&["amount", "deposit"]);
pub(super) const ACCOUNT_OVERDRAWN: ErrorReason = reason(
    "account_overdrawn",
    "balance and overdraft limit are less than that, and nothing moved: Bank.check_balance shows the balance",
)
.about(&["payer", "amount"]);
pub(super) const INVALID_MEMO: ErrorReason =
    reason("invalid_memo", "a memo has 1 to 140 printable characters").about(&["memo"]);
pub(super) const INVALID_DATE: ErrorReason =
    reason("invalid_date", "a date looks like \"2024-01-17\"").about(&["on", "from", "to"]);
pub(super) const FUTURE_DATE: ErrorReason =
    reason("future_date", "a booking date is not after today, in UTC, or after the day of the last event")
        .about(&["on"]);
pub(super) const NO_DEPOSIT: ErrorReason =
    reason("no_deposit", "memo: and on: belong to a first deposit: give deposit: too").about(&["memo", "on"]);
pub(super) const INVALID_MONTH: ErrorReason =
    reason("invalid_month", "a month looks like \"2024-01\"").about(&["month"]);
pub(super) const INVALID_PERIOD: ErrorReason =
    reason("invalid_period", "a period ends no earlier than it begins").about(&["from", "to"]);
pub(super) const MIXED_PERIOD: ErrorReason =
    reason("mixed_period", "from: and to: are both positions, or both dates").about(&["from", "to"]);
pub(super) const TWO_PERIODS: ErrorReason =
    reason("two_periods", "month: is a whole period: leave it out, or from: and to:").about(&["month", "from", "to"]);

pub(super) const SAME_ACCOUNT: ErrorReason =
    reason("same_account", "an account pays nothing to itself: name another payee").about(&["payer", "payee"]);
pub(super) const TOO_MANY_TRANSFERS: ErrorReason = reason(
    "too_many_transfers",
    "too many transfers of the account are under way: try again when some have ended; Bank.transfers shows them",
)
.about(&["payer"]);
pub(super) const TRANSFER_UNDER_WAY: ErrorReason =
    reason("transfer_under_way", "a transfer has not ended: try again when Bank.transfers shows that it has")
        .about(&["account", "position"]);
pub(super) const NO_RESERVATION: ErrorReason =
    reason("no_reservation", "nothing is reserved for the transfer: it has ended; Bank.transfers shows how");
pub(super) const NOTHING_TO_REVERSE: ErrorReason =
    reason("nothing_to_reverse", "the event at this position moved no money: Bank.events shows which did")
        .about(&["position"]);
pub(super) const ALREADY_REVERSED: ErrorReason =
    reason("already_reversed", "a booking is reversed once, and this one is: Bank.statement shows it")
        .about(&["position"]);
pub(super) const IS_REVERSAL: ErrorReason =
    reason("is_reversal", "a reversal is not reversed: book anew what should be booked").about(&["position"]);

pub(super) const INVALID_COLUMNS: ErrorReason =
    reason("invalid_columns", "columns: looks like \"Buchungstag=date, Betrag=amount\"").about(&["columns"]);
pub(super) const INVALID_DECIMAL: ErrorReason =
    reason("invalid_decimal", "decimals follow a \".\" or a \",\"").about(&["decimal"]);
pub(super) const INVALID_DATES: ErrorReason =
    reason("invalid_dates", "dates: looks like \"%d.%m.%Y\"").about(&["dates"]);
pub(super) const UNKNOWN_ENCODING: ErrorReason =
    reason("unknown_encoding", "a text is in \"utf-8\" or in \"latin1\"").about(&["encoding"]);
pub(super) const OTHER_CONTENT: ErrorReason =
    reason("other_content", "a row with this id was booked before and said something else: nothing was booked now");
