//! Why a text says no way for e-mails.

use thiserror::Error;

/// Why a text says no way for e-mails. It repeats nothing of the text, which may hold a password.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidEmailTarget {
    /// It is no directory and no URL of a mail server.
    #[error("e-mails go to a directory such as outbox/, or to smtp://host:port or smtps://user:password@host")]
    Unknown,
    /// It is the URL of a mail server, and the program was built without the cargo feature `smtp`.
    #[error("this program was built without mail servers; `cargo build --features smtp` builds it with them")]
    SmtpNotBuiltIn,
    /// It has options that are none, or more than one of a kind.
    #[error("the options are ?from=bank@example.org and, for smtp://, ?tls=required or ?tls=none, joined by &")]
    UnknownOption,
    /// The sender is no e-mail address.
    #[error("the sender after from= is no e-mail address")]
    InvalidSender,
    /// It has user and password, which anybody on the way to the server could read, or whoever on this machine listens in
    /// its place.
    #[error(
        "user and password need smtps:// or ?tls=required; to this machine they are sent in clear if the port is below \
         1024, or with ?tls=none"
    )]
    CredentialsNeedTls,
}
