//! The option `tls=` in the URL of a mail server.

/// The value of `tls=`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    /// STARTTLS; without it, no e-mail is sent.
    Required,
    /// No TLS, and credentials may go to any port of this machine.
    None,
}
