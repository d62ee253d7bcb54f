//! Sending e-mails through a mail server.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use url::{Host, Url};

use super::Message;
use super::invalid_target::InvalidEmailTarget;
use crate::bank::EmailAddress;
use crate::engine::event_handler::{Failure, NackAction};
use crate::engine::runtime::blocking;

/// The default time limit, which applies to each of connecting, signing in and handing over.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The time limit for the reply to QUIT.
const QUIT_TIME_LIMIT: Duration = Duration::from_secs(1);

/// The maximum length of a quoted reply, in characters.
const MAX_QUOTED_CHARACTERS: usize = 200;

/// A mail server, with encryption and credentials.
#[derive(Clone)]
pub(super) struct SmtpServer {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    pub(super) time_limit: Duration,
    /// Created at first use, since that reads the machine's certificates.
    tls: Arc<OnceCell<TlsParameters>>,
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
    pub(super) fn from_url(url: &str, tls_required: bool) -> Result<Self, InvalidEmailTarget> {
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
        let (encryption, port) = match (url.scheme(), tls_required) {
            ("smtps", false) => (Encryption::Implicit, SUBMISSIONS_PORT),
            ("smtp", true) => (Encryption::StartTls, SUBMISSION_PORT),
            ("smtp", false) => (Encryption::None, SMTP_PORT),
            _ => return Err(InvalidEmailTarget::UnknownOption),
        };
        let credentials = credentials(&url)?;
        if credentials.is_some() && encryption == Encryption::None && !is_this_machine(&host) {
            return Err(InvalidEmailTarget::CredentialsNeedTls);
        }
        let port = url.port().unwrap_or(port);
        Ok(Self { host, port, encryption, credentials, time_limit: TIME_LIMIT, tls: Arc::default() })
    }

    /// Hands over an e-mail. If the connection ends before the server has accepted the e-mail, the outcome is unknown,
    /// and the e-mail is sent again.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Failure> {
        let (sender, recipient) = (address(&message.sender)?, address(&message.recipient)?);
        let mut connection = self.within("connecting", self.connect()).await?;
        if let Some(credentials) = &self.credentials {
            let signing_in = async {
                // The server's reply is not quoted, since it may contain the password.
                let signed_in = connection.auth(DEFAULT_MECHANISMS, credentials).await;
                signed_in.map_err(|error| failure(&error, "the credentials", false))
            };
            self.within("signing in", signing_in).await?;
        }
        let handing_over = async {
            let handed_over = hand_over(&mut connection, sender, recipient, &message.content).await;
            if handed_over.is_err() {
                connection.abort().await;
            }
            handed_over
        };
        self.within("handing the e-mail over", handing_over).await?;
        // The server has accepted the e-mail, so a failing QUIT does not matter.
        let _ = timeout(QUIT_TIME_LIMIT.min(self.time_limit), connection.quit()).await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let server = self.addresses().await?;
        // A host name can have several addresses: half the time limit leaves time to try a second one.
        let connect_time_limit = Some(self.time_limit / 2);
        let name = ClientId::default();
        let tls = match self.encryption {
            Encryption::None => None,
            Encryption::StartTls | Encryption::Implicit => Some(self.tls().await?),
        };
        let (implicit_tls, starttls) = match self.encryption {
            Encryption::Implicit => (tls, None),
            Encryption::None | Encryption::StartTls => (None, tls),
        };
        let connected =
            AsyncSmtpConnection::connect_tokio1(server.as_slice(), connect_time_limit, &name, implicit_tls, None).await;
        let mut connection = connected.map_err(|error| failure(&error, "the conversation", true))?;
        if let Some(tls) = starttls {
            let encrypted = connection.starttls(tls, &name).await;
            encrypted.map_err(|error| failure(&error, "STARTTLS", true))?;
        }
        Ok(connection)
    }

    /// Resolves the host on a blocking thread, since that may take long.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let (host, port) = (self.host.clone(), self.port);
        let asked = blocking(move || (host.as_str(), port).to_socket_addrs().map(Vec::from_iter)).await;
        let failed = |error: &dyn fmt::Display| Failure::retry(format!("the connection failed: {error}"));
        asked.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }

    async fn tls(&self) -> Result<TlsParameters, Failure> {
        let make = || async {
            let host = self.host.clone();
            let made = blocking(move || TlsParameters::new(host)).await;
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
        (user, Some(password)) => Ok(Some(Credentials::new(decode(user)?, decode(password)?))),
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn address(address: &EmailAddress) -> Result<Address, Failure> {
    address.as_str().parse().map_err(|_| {
        Failure::retry(format!("mail servers do not take the address {address:?}")).with_action(NackAction::Park)
    })
}

/// Hands over an e-mail on a connection that is signed in.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    sender: Address,
    recipient: Address,
    content: &[u8],
) -> Result<(), Failure> {
    let require =
        |extension, name: &str| match connection.server_info().supports_feature(extension) {
            true => Ok(()),
            false => Err(Failure::retry(format!("the server cannot take the e-mail: it lacks {name}"))
                .with_action(NackAction::Park)),
        };
    let mut parameters = Vec::new();
    if ![&sender, &recipient].into_iter().all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
        require(Extension::SmtpUtfEight, "SMTPUTF8")?;
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() {
        require(Extension::EightBitMime, "8BITMIME")?;
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let content = Content(&String::from_utf8_lossy(content)).to_string();
    let commands = [
        Mail::new(Some(sender), parameters).to_string(),
        Rcpt::new(recipient, Vec::new()).to_string(),
        Data.to_string(),
        // The content is one write with its end: a second small write would wait for the acknowledgement of the first
        // (Nagle).
        content,
    ];
    for command in commands {
        connection.command(command).await.map_err(|error| failure(&error, "the e-mail", true))?;
    }
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
fn failure(error: &Error, subject: &str, quote: bool) -> Failure {
    let words = match std::error::Error::source(error) {
        Some(said) if quote => format!(": {}", in_one_line(&said.to_string())),
        _ => String::new(),
    };
    match error.status() {
        Some(code) if error.is_permanent() => {
            Failure::retry(format!("the server refused {subject} ({code}){words}")).with_action(NackAction::Park)
        }
        Some(code) => Failure::retry(format!("the server deferred {subject} ({code}){words}")),
        // The server lacks something that the client needs, which another attempt would not change.
        None if error.is_client() => {
            Failure::retry(format!("the server cannot take {subject}{words}")).with_action(NackAction::Park)
        }
        None if error.is_response() => {
            Failure::retry(format!("the server gave an incomplete reply to {subject}{words}"))
        }
        None => Failure::retry(format!("the connection failed{words}")),
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
