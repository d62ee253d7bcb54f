//! Every error that `Bank.open` may reply, each with its explanation.

use super::errors::{ALREADY_OPEN, INVALID_NAME};
use super::replies::WORDS;
use crate::shell::common_errors::{
    BUSY, DAMAGED, INVALID_DELAY, LEFT_OVER, OPEN_ELSEWHERE, RESERVED_NAME, STORE_FAILED, UNAVAILABLE,
};
use crate::shell::error_reason::ErrorReason;

const fn reason(name: &'static str, explanation: &'static str) -> ErrorReason {
    ErrorReason::new(name, explanation)
}

/// About the arguments.
pub(super) const OF_ARGUMENTS: &[ErrorReason] = &[
    ALREADY_OPEN,
    UNSUPPORTED_STORE,
    INVALID_NAME,
    INVALID_EMAIL_TARGET,
    INVALID_SENDER,
    UNKNOWN_EMAIL_OPTION,
    CREDENTIALS_NEED_TLS,
    SMTP_NOT_BUILT_IN,
    UNKNOWN_CURRENCY,
    INVALID_DECIMALS,
    CURRENCY_OR_DECIMALS,
    HAS_OTHER_CURRENCY,
    INVALID_ATTEMPTS,
    INVALID_DELAY,
];

/// About the file, which stays as it is.
pub(super) const OF_FILES: &[ErrorReason] = &[
    NO_DIRECTORY,
    NO_FILE,
    READ_ONLY,
    DISK_FULL,
    NOT_OURS,
    NOT_A_BANK,
    NEWER_VERSION,
    UNKNOWN_EVENT,
    BUSY,
    LOST_END,
    LEFT_OVER,
    HALF_IMPORTED,
    DAMAGED,
    OPEN_ELSEWHERE,
    RESERVED_NAME,
    NOT_SUPPORTED,
    STORE_FAILED,
    WORDS.stopped,
];

/// About a cluster and the replica of its log, which stay as they are.
pub(super) const OF_CLUSTERS: &[ErrorReason] =
    &[UNAVAILABLE, NO_LOG, OLD_SERVERS, UNSAFE, NO_PLACE, NO_REPLICA, IS_REPLICA];

pub(super) const NO_LOG: ErrorReason =
    reason("no_log", "the cluster has no bank of this name: create: true makes it").about(&["url"]);
pub(super) const OLD_SERVERS: ErrorReason =
    reason("old_servers", "the servers of the cluster are too old: version 2.12 is needed").about(&["url"]);
pub(super) const UNSAFE: ErrorReason = reason(
    "unsafe_cluster",
    "the cluster may lose what it has acknowledged: standard error says why; unsafe_cluster: true opens the bank there",
)
.about(&["url"]);
pub(super) const NO_PLACE: ErrorReason = reason(
    "no_place",
    "there is no place for the replica: set XDG_STATE_HOME or HOME, or name a file with replica: \"bank.db\"",
);
pub(super) const NO_REPLICA: ErrorReason =
    reason("no_replica", "this file is not the replica of that bank: choose another name").about(&["replica"]);
pub(super) const IS_REPLICA: ErrorReason =
    reason("is_replica", "this file is the replica of a bank on a cluster: open that one").about(&["url"]);

pub(super) const UNSUPPORTED_STORE: ErrorReason =
    reason("unsupported_store", "a bank is in memory, or in a file such as bank.db or sqlite:bank.db").about(&["url"]);
// What email: names may hold a password, and is not shown.
pub(super) const INVALID_EMAIL_TARGET: ErrorReason = reason(
    "invalid_email_target",
    "e-mails go to a directory such as \"outbox/\", or to \"smtp://host:port\" or \"smtps://user:password@host\"",
);
pub(super) const INVALID_SENDER: ErrorReason =
    reason("invalid_sender", "what follows from= is an e-mail address, such as ?from=bank@example.org");
pub(super) const UNKNOWN_EMAIL_OPTION: ErrorReason = reason(
    "unknown_email_option",
    "the options are ?from=bank@example.org and, for smtp://, ?tls=required or ?tls=none, joined by &",
);
pub(super) const CREDENTIALS_NEED_TLS: ErrorReason = reason(
    "credentials_need_tls",
    "a password goes to a server only encrypted: use smtps://, or smtp:// with ?tls=required",
);
pub(super) const SMTP_NOT_BUILT_IN: ErrorReason = reason(
    "smtp_not_built_in",
    "this program was built without mail servers: `cargo build --features smtp` builds it with them",
);
pub(super) const UNKNOWN_CURRENCY: ErrorReason =
    reason("unknown_currency", "a currency is a code of ISO 4217, such as \"EUR\"").about(&["currency"]);
pub(super) const INVALID_DECIMALS: ErrorReason =
    reason("invalid_decimals", "a bank has from 0 to 8 decimals").about(&["decimals"]);
pub(super) const CURRENCY_OR_DECIMALS: ErrorReason =
    reason("currency_or_decimals", "a currency has its decimals: give one of them").about(&["currency", "decimals"]);
pub(super) const HAS_OTHER_CURRENCY: ErrorReason = reason(
    "not_empty",
    "the bank has events and another currency, or none: open it without naming one; a new bank can have this one",
)
.about(&["currency", "decimals"]);

pub(super) const INVALID_ATTEMPTS: ErrorReason =
    reason("invalid_attempts", "a handler tries an event from 1 to 1_000 times").about(&["retry_attempts"]);

pub(super) const NO_DIRECTORY: ErrorReason =
    reason("no_directory", "the directory of the file does not exist: make it, or choose another").about(&["url"]);
pub(super) const NO_FILE: ErrorReason =
    reason("no_file", "this is a directory or a device, and no file: choose another name").about(&["url"]);
pub(super) const READ_ONLY: ErrorReason =
    reason("read_only", "the file or its directory cannot be written: allow that, or copy the file").about(&["url"]);
pub(super) const DISK_FULL: ErrorReason =
    reason("disk_full", "the disk is full: make room, and open it again").about(&["url"]);
pub(super) const NOT_OURS: ErrorReason =
    reason("not_ours", "the file was not written by this program: choose another one").about(&["url"]);
pub(super) const NOT_A_BANK: ErrorReason =
    reason("not_a_bank", "the file belongs to another domain, and is not a bank's: choose another one").about(&["url"]);
pub(super) const NEWER_VERSION: ErrorReason =
    reason("newer_version", "a newer program wrote the file: use that program").about(&["url"]);
pub(super) const UNKNOWN_EVENT: ErrorReason = reason(
    "unknown_event",
    "the log has an event that this program does not know: use the newer program that wrote it",
)
.about(&["url"]);
pub(super) const LOST_END: ErrorReason =
    reason("lost_end", "acknowledged events are missing: open a backup, or open the rest with accept_loss: true")
        .about(&["url"]);
pub(super) const HALF_IMPORTED: ErrorReason = reason(
    "half_imported",
    "an import did not finish: import into a new file, or open what is there with accept_loss: true",
)
.about(&["url"]);
pub(super) const NOT_SUPPORTED: ErrorReason =
    reason("not_supported", "the file system lacks a feature that a bank needs: use another one").about(&["url"]);
