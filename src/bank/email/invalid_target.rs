//! The error of parsing an e-mail target.

use thiserror::Error;

/// Why a text is not an [`EmailTarget`](super::EmailTarget). The error does not quote the text, which may contain a
/// password.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidEmailTarget {
    /// The text is neither a directory nor the URL of a mail server.
    #[error("e-mails go to a directory such as outbox/, or to smtp://host:port or smtps://user:password@host")]
    Unknown,
    /// The text is the URL of a mail server, but the program was built without the cargo feature `smtp`.
    #[error("this program was built without mail servers; `cargo build --features smtp` builds it with them")]
    SmtpNotBuiltIn,
    /// An option is unknown or repeated.
    #[error("the options are ?from=bank@example.org and, for smtp://, ?tls=required, joined by &")]
    UnknownOption,
    /// The sender is not an e-mail address.
    #[error("the sender after from= is not an e-mail address")]
    InvalidSender,
    /// The URL has user and password, which would be sent unencrypted.
    #[error("user and password need smtps:// or ?tls=required, unless the server is on this machine")]
    CredentialsNeedTls,
}
