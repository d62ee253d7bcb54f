//! E-mails by way of a mail server.

mod conversation;

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

use self::conversation::{Connection, Conversation, ConversationError, Credentials};
use super::Message;
use super::invalid_target::InvalidEmailTarget;
use super::target::Tls;
use crate::engine::event_handler::{Failure, NackAction};
use crate::engine::runtime::blocking;

/// How long connecting, signing in and handing over may take, each.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How long an e-mail may take altogether, whatever the limit for each step is.
const MESSAGE_LIMIT: Duration = Duration::from_secs(60);

/// How long it is worth waiting for a server to say good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a server says is shown up to here, in characters.
const MAX_WORDS: usize = 200;

/// Where a server listens if its URL does not say so: without TLS, with STARTTLS, and with TLS from the start.
const SMTP_PORT: u16 = 25;
const SUBMISSION_PORT: u16 = 587;
const SUBMISSIONS_PORT: u16 = 465;

/// The first port that every user of a machine may listen on.
const FIRST_OPEN_PORT: u16 = 1024;

/// A mail server, and how it is spoken to.
#[derive(Clone)]
pub(super) struct SmtpServer {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    pub(super) time_limit: Duration,
    /// Made at first use: that reads the machine's certificates.
    tls: Arc<OnceCell<TlsConnector>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    None,
    /// STARTTLS, or no e-mail at all.
    Required,
    /// TLS from the start.
    FromTheStart,
}

impl SmtpServer {
    /// The server of a URL without its options.
    pub(super) fn from_url(url: &str, tls: Option<Tls>) -> Result<Self, InvalidEmailTarget> {
        let url = Url::parse(url).map_err(|_| InvalidEmailTarget::Unknown)?;
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(InvalidEmailTarget::Unknown),
        };
        // A path or a fragment is most likely a password that is not percent-encoded.
        if host.is_empty() || !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(InvalidEmailTarget::Unknown);
        }
        let (encryption, port) = match (url.scheme(), tls) {
            ("smtps", None) => (Encryption::FromTheStart, SUBMISSIONS_PORT),
            ("smtp", Some(Tls::Required)) => (Encryption::Required, SUBMISSION_PORT),
            ("smtp", None | Some(Tls::None)) => (Encryption::None, SMTP_PORT),
            _ => return Err(InvalidEmailTarget::UnknownOption),
        };
        let port = url.port().unwrap_or(port);
        let credentials = credentials(&url)?;
        // Without TLS nobody says who they are; on an open port, that can be any user of this machine.
        let vouched_for = is_this_machine(&host) && (port < FIRST_OPEN_PORT || tls == Some(Tls::None));
        if credentials.is_some() && encryption == Encryption::None && !vouched_for {
            return Err(InvalidEmailTarget::CredentialsNeedTls);
        }
        Ok(Self { host, port, encryption, credentials, time_limit: TIME_LIMIT, tls: Arc::default() })
    }

    /// Hands an e-mail over. If the server ends the conversation before it has said that it took the e-mail, nobody
    /// knows whether it did, and it is sent again.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Failure> {
        let sent = timeout(MESSAGE_LIMIT, async {
            let mut conversation = self.within("connecting", self.connect()).await?;
            let given = self.give(&mut conversation, message).await;
            // What it says now changes nothing.
            let _ = timeout(FAREWELL.min(self.time_limit), conversation.ask("QUIT\r\n", 2)).await;
            given
        });
        sent.await.unwrap_or_else(|_| Err(Failure::retry(format!("the e-mail took longer than {MESSAGE_LIMIT:?}"))))
    }

    async fn connect(&self) -> Result<Conversation, Failure> {
        let addresses = self.addresses().await?;
        let tls = match self.encryption {
            Encryption::None => None,
            Encryption::Required | Encryption::FromTheStart => Some(self.tls().await?),
        };
        let (at_once, later) = match self.encryption {
            Encryption::FromTheStart => (tls, None),
            Encryption::None | Encryption::Required => (None, tls),
        };
        let begun = async {
            // A name can stand for several machines; one that does not answer leaves time for another.
            let mut connection = Connection::to(&addresses, self.time_limit / 2).await?;
            if let Some(tls) = at_once {
                connection = connection.encrypted(&tls, &self.host).await?;
            }
            connection.greeted().await
        };
        let conversation = begun.await.map_err(|error| failure(&error, "the conversation", true))?;
        match later {
            None => Ok(conversation),
            Some(tls) => {
                let encrypted = conversation.encrypted(&tls, &self.host).await;
                encrypted.map_err(|error| failure(&error, "to encrypt", true))
            }
        }
    }

    async fn give(&self, conversation: &mut Conversation, message: &Message) -> Result<(), Failure> {
        if let Some(credentials) = &self.credentials {
            let signing_in = async {
                // What a server says about a password may hold it.
                let signed_in = conversation.sign_in(credentials).await;
                signed_in.map_err(|error| failure(&error, "the credentials", false))
            };
            self.within("signing in", signing_in).await?;
        }
        let handing_over = async {
            let given = hand_over(conversation, message).await;
            given.map_err(|error| failure(&error, "the e-mail", true))
        };
        self.within("handing the e-mail over", handing_over).await
    }

    /// Asking for them may take long.
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

    async fn within<T>(&self, doing: &str, what: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let done = timeout(self.time_limit, what).await;
        done.unwrap_or_else(|_| Err(Failure::retry(format!("{doing} took longer than {:?}", self.time_limit))))
    }
}

/// As a URL, without the credentials.
impl fmt::Display for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, encryption, .. } = self;
        let scheme = if *encryption == Encryption::FromTheStart { "smtps" } else { "smtp" };
        let options = if *encryption == Encryption::Required { "?tls=required" } else { "" };
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

/// Hands an e-mail over to a server that has let us in.
async fn hand_over(conversation: &mut Conversation, message: &Message) -> Result<(), ConversationError> {
    let (sender, recipient) = (message.sender.as_str(), message.recipient.as_str());
    let mut parameters = String::new();
    for (is_needed, extension, parameter) in [
        (!(sender.is_ascii() && recipient.is_ascii()), "SMTPUTF8", " SMTPUTF8"),
        (!message.content.is_ascii(), "8BITMIME", " BODY=8BITMIME"),
    ] {
        if is_needed && !conversation.offers(extension) {
            return Err(ConversationError::Lacks(extension));
        }
        if is_needed {
            parameters.push_str(parameter);
        }
    }
    conversation.ask(&format!("MAIL FROM:<{sender}>{parameters}\r\n"), 2).await?;
    conversation.ask(&format!("RCPT TO:<{recipient}>\r\n"), 2).await?;
    conversation.ask("DATA\r\n", 3).await?;
    // A part of its own would wait in the network until the server has acknowledged the part before.
    conversation.ask(&Content(&String::from_utf8_lossy(&message.content)).to_string(), 2).await?;
    Ok(())
}

/// An e-mail as it is sent after DATA: no line is taken for its end, and its end follows.
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

/// What becomes of the event: what the server refuses for good is not offered again, everything else is.
fn failure(error: &ConversationError, what: &str, quote: bool) -> Failure {
    let said = |words: &str| match in_one_line(words) {
        words if quote && !words.is_empty() => format!(": {words}"),
        _ => String::new(),
    };
    match error {
        ConversationError::Refused { code: code @ 500.., words } => {
            Failure::retry(format!("the server refused {what} ({code}){}", said(words))).with_action(NackAction::Park)
        }
        ConversationError::Refused { code, words } => {
            Failure::retry(format!("the server put {what} off ({code}){}", said(words)))
        }
        // The two do not speak the same language; nothing was said that another attempt could change.
        ConversationError::Lacks(_) => {
            Failure::retry(format!("the server cannot take {what}: {error}")).with_action(NackAction::Park)
        }
        ConversationError::NoAnswer => Failure::retry(format!("the server gave no whole answer to {what}")),
        ConversationError::TooLong | ConversationError::InClear | ConversationError::Connection(_) => {
            Failure::retry(format!("the connection failed: {}", in_one_line(&error.to_string())))
        }
    }
}

/// What a server says, without what could disturb whoever reads it.
fn in_one_line(words: &str) -> String {
    let printed = words.split(|character: char| character.is_whitespace() || character.is_control());
    let words = printed.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    words.chars().take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_an_e_mail_is_taken_for_its_end() {
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
