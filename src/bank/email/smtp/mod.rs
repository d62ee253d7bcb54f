//! Sending e-mails through a mail server.

mod session;

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use url::{Host, Url};
use zeroize::Zeroizing;

use self::session::{Connection, Credentials, Session, SessionError};
use super::Message;
use super::invalid_target::InvalidEmailTarget;
use super::tls::Tls;
use crate::engine::event_handler::{Failure, NackAction};
use crate::engine::runtime::blocking;

/// The default time limit, which applies to each of connecting, signing in and handing over.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The time limit for an e-mail as a whole, whatever the limit for each step is.
const MESSAGE_TIME_LIMIT: Duration = Duration::from_secs(60);

/// The time limit for the reply to QUIT.
const QUIT_TIME_LIMIT: Duration = Duration::from_secs(1);

/// The maximum length of a quoted reply, in characters.
const MAX_QUOTED_CHARACTERS: usize = 200;

/// The default ports: without TLS, with STARTTLS, and with TLS from the first byte.
const SMTP_PORT: u16 = 25;
const SUBMISSION_PORT: u16 = 587;
const SUBMISSIONS_PORT: u16 = 465;

/// Every user of a machine may listen on ports from this one on.
const FIRST_UNPRIVILEGED_PORT: u16 = 1024;

/// A mail server, with encryption and credentials.
#[derive(Clone)]
pub(super) struct SmtpServer {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    pub(super) time_limit: Duration,
    /// Created at first use, since that reads the machine's certificates.
    tls: Arc<OnceCell<TlsConnector>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    None,
    /// STARTTLS; without it, no e-mail is sent.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

impl SmtpServer {
    /// Parses a URL without its query.
    pub(super) fn from_url(url: &str, tls: Option<Tls>) -> Result<Self, InvalidEmailTarget> {
        let url = Url::parse(url).map_err(|_| InvalidEmailTarget::Unknown)?;
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(InvalidEmailTarget::Unknown),
        };
        // A path or a fragment is most likely part of a password that is not percent-encoded.
        if host.is_empty() || !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(InvalidEmailTarget::Unknown);
        }
        let (encryption, port) = match (url.scheme(), tls) {
            ("smtps", None) => (Encryption::Implicit, SUBMISSIONS_PORT),
            ("smtp", Some(Tls::Required)) => (Encryption::StartTls, SUBMISSION_PORT),
            ("smtp", None | Some(Tls::None)) => (Encryption::None, SMTP_PORT),
            _ => return Err(InvalidEmailTarget::UnknownOption),
        };
        let port = url.port().unwrap_or(port);
        let credentials = credentials(&url)?;
        // Without TLS the server proves nothing: on an unprivileged port it may be any user of this machine.
        let is_trusted = is_this_machine(&host) && (port < FIRST_UNPRIVILEGED_PORT || tls == Some(Tls::None));
        if credentials.is_some() && encryption == Encryption::None && !is_trusted {
            return Err(InvalidEmailTarget::CredentialsNeedTls);
        }
        Ok(Self { host, port, encryption, credentials, time_limit: TIME_LIMIT, tls: Arc::default() })
    }

    /// Hands over an e-mail. If the connection ends before the server has accepted the e-mail, the outcome is unknown,
    /// and the e-mail is sent again.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Failure> {
        let sent = timeout(MESSAGE_TIME_LIMIT, async {
            let mut session = self.within("connecting", self.connect()).await?;
            let handed_over = self.sign_in_and_hand_over(&mut session, message).await;
            // The reply to QUIT changes nothing.
            let _ = timeout(QUIT_TIME_LIMIT.min(self.time_limit), session.command("QUIT\r\n", 2)).await;
            handed_over
        });
        let took_too_long = |_| Err(Failure::retry(format!("the e-mail took longer than {MESSAGE_TIME_LIMIT:?}")));
        sent.await.unwrap_or_else(took_too_long)
    }

    async fn connect(&self) -> Result<Session, Failure> {
        let addresses = self.addresses().await?;
        let tls = match self.encryption {
            Encryption::None => None,
            Encryption::StartTls | Encryption::Implicit => Some(self.tls().await?),
        };
        let (implicit_tls, starttls) = match self.encryption {
            Encryption::Implicit => (tls, None),
            Encryption::None | Encryption::StartTls => (None, tls),
        };
        let begun = async {
            // A host name can have several addresses: half the time limit leaves time to try a second one.
            let mut connection = Connection::to(&addresses, self.time_limit / 2).await?;
            if let Some(tls) = implicit_tls {
                connection = connection.encrypted(&tls, &self.host).await?;
            }
            connection.begin().await
        };
        let session = begun.await.map_err(|error| failure(&error, "the conversation", true))?;
        match starttls {
            None => Ok(session),
            Some(tls) => {
                let encrypted = session.starttls(&tls, &self.host).await;
                encrypted.map_err(|error| failure(&error, "STARTTLS", true))
            }
        }
    }

    async fn sign_in_and_hand_over(&self, session: &mut Session, message: &Message) -> Result<(), Failure> {
        if let Some(credentials) = &self.credentials {
            let signing_in = async {
                // The server's reply is not quoted, since it may contain the password.
                let signed_in = session.sign_in(credentials).await;
                signed_in.map_err(|error| failure(&error, "the credentials", false))
            };
            self.within("signing in", signing_in).await?;
        }
        let handing_over = async {
            let handed_over = hand_over(session, message).await;
            handed_over.map_err(|error| failure(&error, "the e-mail", true))
        };
        self.within("handing the e-mail over", handing_over).await
    }

    /// Resolves the host on a blocking thread, since that may take long.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let (host, port) = (self.host.clone(), self.port);
        let asked = blocking(move || (host.as_str(), port).to_socket_addrs().map(Vec::from_iter)).await;
        let failed = |error: &dyn fmt::Display| Failure::retry(format!("the connection failed: {error}"));
        asked.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }

    async fn tls(&self) -> Result<TlsConnector, Failure> {
        let make = || async {
            let made = blocking(tls_connector).await;
            made.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
        };
        let tls = self.tls.get_or_try_init(make).await;
        tls.cloned().map_err(|error| Failure::retry(format!("TLS cannot be used: {error}")))
    }

    async fn within<T>(&self, activity: &str, future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let done = timeout(self.time_limit, future).await;
        done.unwrap_or_else(|_| Err(Failure::retry(format!("{activity} took longer than {:?}", self.time_limit))))
    }
}

/// The URL without the credentials.
impl fmt::Display for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, encryption, .. } = self;
        let scheme = if *encryption == Encryption::Implicit { "smtps" } else { "smtp" };
        let options = if *encryption == Encryption::StartTls { "?tls=required" } else { "" };
        match host.contains(':') {
            true => write!(f, "{scheme}://[{host}]:{port}{options}"),
            false => write!(f, "{scheme}://{host}:{port}{options}"),
        }
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, InvalidEmailTarget> {
    let decode = |text| match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(InvalidEmailTarget::Unknown),
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(InvalidEmailTarget::Unknown),
        (user, Some(password)) => {
            Ok(Some(Credentials { user: decode(user)?, password: Zeroizing::new(decode(password)?) }))
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Trusts the certificates that the machine does.
fn tls_connector() -> Result<TlsConnector, rustls::Error> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(versions.with_root_certificates(trusted).with_no_client_auth()).into())
}

/// Hands over an e-mail in a session that is signed in.
async fn hand_over(session: &mut Session, message: &Message) -> Result<(), SessionError> {
    let (sender, recipient) = (message.sender.as_str(), message.recipient.as_str());
    let mut parameters = String::new();
    for (is_needed, extension, parameter) in [
        (!(sender.is_ascii() && recipient.is_ascii()), "SMTPUTF8", " SMTPUTF8"),
        (!message.content.is_ascii(), "8BITMIME", " BODY=8BITMIME"),
    ] {
        if is_needed && !session.offers(extension) {
            return Err(SessionError::Lacks(extension));
        }
        if is_needed {
            parameters.push_str(parameter);
        }
    }
    session.command(&format!("MAIL FROM:<{sender}>{parameters}\r\n"), 2).await?;
    session.command(&format!("RCPT TO:<{recipient}>\r\n"), 2).await?;
    session.command("DATA\r\n", 3).await?;
    // The content is one write with its end: a second small write would wait for the acknowledgement of the first
    // (Nagle).
    session.command(&Content(&String::from_utf8_lossy(&message.content)).to_string(), 2).await?;
    Ok(())
}

/// An e-mail as sent after DATA: dot-stuffed, and followed by the line that ends it.
struct Content<'a>(&'a str);

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.strip_suffix("\r\n").unwrap_or(self.0);
        for line in text.split("\r\n") {
            let stuffed = if line.starts_with('.') { "." } else { "" };
            write!(f, "{stuffed}{line}\r\n")?;
        }
        f.write_str(".\r\n")
    }
}

/// Parks the event after a permanent failure, and retries it after any other. `quote` adds the server's words.
fn failure(error: &SessionError, subject: &str, quote: bool) -> Failure {
    let quoted = |words: &str| match in_one_line(words) {
        words if quote && !words.is_empty() => format!(": {words}"),
        _ => String::new(),
    };
    match error {
        SessionError::Refused { code: code @ 500.., words } => {
            Failure::retry(format!("the server refused {subject} ({code}){}", quoted(words)))
                .with_action(NackAction::Park)
        }
        SessionError::Refused { code, words } => {
            Failure::retry(format!("the server deferred {subject} ({code}){}", quoted(words)))
        }
        // Another attempt would not change what the server lacks.
        SessionError::Lacks(_) => {
            Failure::retry(format!("the server cannot take {subject}: {error}")).with_action(NackAction::Park)
        }
        SessionError::InvalidReply => Failure::retry(format!("the server gave an incomplete reply to {subject}")),
        SessionError::ReplyTooLong | SessionError::PlaintextBeforeTls | SessionError::Connection(_) => {
            Failure::retry(format!("the connection failed: {}", in_one_line(&error.to_string())))
        }
    }
}

/// A server's reply as one line, shortened, without control characters.
fn in_one_line(words: &str) -> String {
    let printed = words.split(|character: char| character.is_whitespace() || character.is_control());
    let words = printed.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    words.chars().take(MAX_QUOTED_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_an_e_mail_ends_it_early() {
        for (content, sent) in [
            ("a: b\r\n\r\nDear x\r\n", "a: b\r\n\r\nDear x\r\n.\r\n"),
            ("a\r\n.\r\nQUIT\r\n", "a\r\n..\r\nQUIT\r\n.\r\n"),
            (".a\r\n..b\r\n\r\n", "..a\r\n...b\r\n\r\n.\r\n"),
            ("no end", "no end\r\n.\r\n"),
        ] {
            assert_eq!(Content(content).to_string(), sent);
        }
    }
}
