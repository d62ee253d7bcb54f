//! The target of e-mails: an outbox or a mail server.

use std::fmt;
use std::str::FromStr;
#[cfg(feature = "smtp")]
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::invalid_target::InvalidEmailTarget;
use super::outbox::Outbox;
#[cfg(feature = "smtp")]
use super::smtp::SmtpServer;
use crate::bank::EmailAddress;

/// The sender without `?from=…`.
const DEFAULT_SENDER: &str = "bank@localhost";

/// Where e-mails go, and their sender.
///
/// A target is parsed from a text:
///
/// * `outbox/` is a directory, which gets an `.eml` file for each e-mail.
/// * `smtp://host:25` is a mail server without TLS.
/// * `smtp://user:password@host:587?tls=required` is a mail server that must offer STARTTLS.
/// * `smtps://user:password@host` is a mail server with TLS from the start.
///
/// Mail servers need the cargo feature `smtp`. User and password are percent-encoded. The certificate of the server
/// must be trusted by the machine, or by the files that the variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead.
/// `?from=bank@example.org` sets the sender.
///
/// Neither [`fmt::Display`] nor [`fmt::Debug`] prints credentials.
#[derive(Clone)]
pub struct EmailTarget {
    pub(super) destination: Destination,
    pub(super) sender: EmailAddress,
}

#[derive(Clone)]
pub(super) enum Destination {
    Outbox(Outbox),
    #[cfg(feature = "smtp")]
    Smtp(SmtpServer),
}

impl EmailTarget {
    /// Sets the time limit of a mail server, which applies to each of connecting, signing in and handing over an
    /// e-mail. The default is 10 seconds. A directory has no time limit.
    #[cfg(feature = "smtp")]
    #[must_use]
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        if let Destination::Smtp(server) = &mut self.destination {
            server.time_limit = time_limit;
        }
        self
    }
}

impl FromStr for EmailTarget {
    type Err = InvalidEmailTarget;

    fn from_str(text: &str) -> Result<Self, InvalidEmailTarget> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let is_server = ["smtp:", "smtps:"].iter().any(|scheme| place.starts_with(scheme));
        #[cfg(feature = "smtp")]
        if is_server {
            let Query { sender, tls } = query.parse()?;
            let server = SmtpServer::from_url(place, tls == Some(TlsRequired))?;
            return Ok(Self { destination: Destination::Smtp(server), sender });
        }
        if is_server {
            return Err(InvalidEmailTarget::SmtpNotBuiltIn);
        }
        // A single word is more likely an address or a mistake than a directory.
        if !place.contains('/') || place.contains("://") {
            return Err(InvalidEmailTarget::Unknown);
        }
        let Query { sender, tls } = query.parse()?;
        match tls {
            Some(TlsRequired) => Err(InvalidEmailTarget::UnknownOption),
            None => Ok(Self { destination: Destination::Outbox(Outbox(place.into())), sender }),
        }
    }
}

/// The options after the question mark.
struct Query {
    sender: EmailAddress,
    tls: Option<TlsRequired>,
}

#[derive(PartialEq, Eq)]
struct TlsRequired;

impl FromStr for Query {
    type Err = InvalidEmailTarget;

    fn from_str(query: &str) -> Result<Self, InvalidEmailTarget> {
        let (mut from, mut tls) = (None, None);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let repeated = match option.split_once('=') {
                Some(("from", sender)) => from.replace(sender).is_some(),
                Some(("tls", "required")) => tls.replace(TlsRequired).is_some(),
                _ => return Err(InvalidEmailTarget::UnknownOption),
            };
            if repeated {
                return Err(InvalidEmailTarget::UnknownOption);
            }
        }
        // A plus sign is not a space: addresses may contain it.
        let sender = percent_decode_str(from.unwrap_or(DEFAULT_SENDER)).decode_utf8().ok();
        let sender = sender.and_then(|sender| EmailAddress::new(&sender).ok());
        Ok(Self { sender: sender.ok_or(InvalidEmailTarget::InvalidSender)?, tls })
    }
}

impl fmt::Display for EmailTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.destination {
            Destination::Outbox(Outbox(directory)) => fmt::Display::fmt(&directory.display(), f),
            #[cfg(feature = "smtp")]
            Destination::Smtp(server) => fmt::Display::fmt(server, f),
        }
    }
}

impl fmt::Debug for EmailTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailTarget").field("to", &self.to_string()).field("sender", &self.sender).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_a_slash_and_may_have_a_sender() {
        for (text, sender) in [
            ("outbox/", "bank@localhost"),
            ("./out box", "bank@localhost"),
            ("/var/spool/bank?from=a+b@example.org", "a+b@example.org"),
            ("outbox/?from=a%2Bb%40example.org&", "a+b@example.org"),
        ] {
            let target: EmailTarget = text.parse().unwrap();
            assert_eq!(target.to_string(), text.split('?').next().unwrap());
            assert_eq!(target.sender.as_str(), sender);
        }
    }

    #[test]
    fn invalid_targets_are_refused() {
        for (text, error) in [
            ("", InvalidEmailTarget::Unknown),
            ("outbox", InvalidEmailTarget::Unknown),
            ("josh@example.org", InvalidEmailTarget::Unknown),
            ("http://example.org/", InvalidEmailTarget::Unknown),
            ("outbox/?form=a@example.org", InvalidEmailTarget::UnknownOption),
            ("outbox/?from=a@b&from=a@b", InvalidEmailTarget::UnknownOption),
            ("outbox/?tls=required", InvalidEmailTarget::UnknownOption),
            ("outbox/?from=Bank", InvalidEmailTarget::InvalidSender),
            ("outbox/?from=a@b%0d%0aBcc:%20c@d", InvalidEmailTarget::InvalidSender),
            ("outbox/?from=a@b%ff", InvalidEmailTarget::InvalidSender),
        ] {
            assert_eq!(text.parse::<EmailTarget>().err(), Some(error), "{text}");
        }
    }

    #[cfg(feature = "smtp")]
    #[test]
    fn a_mail_server_is_shown_with_its_port_and_without_its_password() {
        for (text, shown) in [
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
            ("smtp://example.org/?from=bank@example.org", "smtp://example.org:25"),
            ("smtp://[::1]:2525", "smtp://[::1]:2525"),
            ("smtp://josh:canary@127.0.0.1", "smtp://127.0.0.1:25"),
            ("smtp://josh:canary@[::1]", "smtp://[::1]:25"),
            ("smtp://josh:canary@localhost:25", "smtp://localhost:25"),
            ("smtp://josh:canary@example.org?tls=required", "smtp://example.org:587?tls=required"),
            ("smtps://j%40x:canary%3F@example.org", "smtps://example.org:465"),
        ] {
            let target: EmailTarget = text.parse().unwrap();
            assert_eq!(target.to_string(), shown);
            assert!(!format!("{target:?}").contains("canary"), "{target:?}");
        }
    }

    #[cfg(feature = "smtp")]
    #[test]
    fn invalid_mail_servers_are_refused() {
        for (text, error) in [
            ("smtp:", InvalidEmailTarget::Unknown),
            ("smtp:/", InvalidEmailTarget::Unknown),
            ("smtp://", InvalidEmailTarget::Unknown),
            ("smtp://:25", InvalidEmailTarget::Unknown),
            ("smtp://example.org:port", InvalidEmailTarget::Unknown),
            ("smtp://example.org:65536", InvalidEmailTarget::Unknown),
            ("smtps://josh@example.org", InvalidEmailTarget::Unknown),
            ("smtps://josh:pass#word@example.org", InvalidEmailTarget::Unknown),
            ("smtps://josh:pass/word@example.org", InvalidEmailTarget::Unknown),
            ("smtps://josh:1/word@example.org", InvalidEmailTarget::Unknown),
            ("smtps://josh:pass%ffword@example.org", InvalidEmailTarget::Unknown),
            ("smtp://example.org?tls=opportunistic", InvalidEmailTarget::UnknownOption),
            ("smtps://example.org?tls=required", InvalidEmailTarget::UnknownOption),
            ("smtp://josh:password@example.org", InvalidEmailTarget::CredentialsNeedTls),
            ("smtp://josh:password@localhost.example.org", InvalidEmailTarget::CredentialsNeedTls),
        ] {
            assert_eq!(text.parse::<EmailTarget>().err(), Some(error), "{text}");
        }
    }

    #[cfg(not(feature = "smtp"))]
    #[test]
    fn a_mail_server_needs_the_feature() {
        for text in ["smtp://127.0.0.1:2525", "smtps://user:password@example.org", "smtp:"] {
            assert_eq!(text.parse::<EmailTarget>().err(), Some(InvalidEmailTarget::SmtpNotBuiltIn), "{text}");
        }
    }
}
