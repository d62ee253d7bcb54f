//! E-mails by way of a mail server.

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

/// How long connecting, signing in and handing over may take, each.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How long it is worth waiting for a server to say good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a server says is shown up to here, in characters.
const MAX_WORDS: usize = 200;

/// A mail server, and how it is spoken to.
#[derive(Clone)]
pub(super) struct SmtpServer {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    pub(super) time_limit: Duration,
    /// Made at first use: that reads the machine's certificates.
    tls: Arc<OnceCell<TlsParameters>>,
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
    pub(super) fn from_url(url: &str, tls_required: bool) -> Result<Self, InvalidEmailTarget> {
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
        let (encryption, port) = match (url.scheme(), tls_required) {
            ("smtps", false) => (Encryption::FromTheStart, SUBMISSIONS_PORT),
            ("smtp", true) => (Encryption::Required, SUBMISSION_PORT),
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

    /// Hands an e-mail over. If the server ends the conversation before it has said that it took the e-mail, nobody
    /// knows whether it did, and it is sent again.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Failure> {
        let (sender, recipient) = (address(&message.sender)?, address(&message.recipient)?);
        let mut connection = self.within("connecting", self.connect()).await?;
        if let Some(credentials) = &self.credentials {
            let signing_in = async {
                // What a server says about a password may hold it.
                let signed_in = connection.auth(DEFAULT_MECHANISMS, credentials).await;
                signed_in.map_err(|error| failure(&error, "the credentials", false))
            };
            self.within("signing in", signing_in).await?;
        }
        let handing_over = async {
            let given = hand_over(&mut connection, sender, recipient, &message.content).await;
            if given.is_err() {
                connection.abort().await;
            }
            given
        };
        self.within("handing the e-mail over", handing_over).await?;
        // It has taken the e-mail; what it says now changes nothing.
        let _ = timeout(FAREWELL.min(self.time_limit), connection.quit()).await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let server = self.addresses().await?;
        // A name can stand for several machines; one that does not answer leaves time for another.
        let patience = Some(self.time_limit / 2);
        let name = ClientId::default();
        let tls = match self.encryption {
            Encryption::None => None,
            Encryption::Required | Encryption::FromTheStart => Some(self.tls().await?),
        };
        let (at_once, later) = match self.encryption {
            Encryption::FromTheStart => (tls, None),
            Encryption::None | Encryption::Required => (None, tls),
        };
        let connected = AsyncSmtpConnection::connect_tokio1(server.as_slice(), patience, &name, at_once, None).await;
        let mut connection = connected.map_err(|error| failure(&error, "the conversation", true))?;
        if let Some(tls) = later {
            let encrypted = connection.starttls(tls, &name).await;
            encrypted.map_err(|error| failure(&error, "to encrypt", true))?;
        }
        Ok(connection)
    }

    /// Asking for them may take long.
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

/// Hands an e-mail over to a server that has let us in.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    sender: Address,
    recipient: Address,
    content: &[u8],
) -> Result<(), Failure> {
    let takes =
        |extension, name: &str| match connection.server_info().supports_feature(extension) {
            true => Ok(()),
            false => Err(Failure::retry(format!("the server cannot take the e-mail: it lacks {name}"))
                .with_action(NackAction::Park)),
        };
    let mut parameters = Vec::new();
    if ![&sender, &recipient].into_iter().all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
        takes(Extension::SmtpUtfEight, "SMTPUTF8")?;
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() {
        takes(Extension::EightBitMime, "8BITMIME")?;
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let content = Content(&String::from_utf8_lossy(content)).to_string();
    let commands = [
        Mail::new(Some(sender), parameters).to_string(),
        Rcpt::new(recipient, Vec::new()).to_string(),
        Data.to_string(),
        // A part of its own would wait in the network until the server has acknowledged the part before.
        content,
    ];
    for command in commands {
        connection.command(command).await.map_err(|error| failure(&error, "the e-mail", true))?;
    }
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
fn failure(error: &Error, what: &str, quote: bool) -> Failure {
    let words = match std::error::Error::source(error) {
        Some(said) if quote => format!(": {}", in_one_line(&said.to_string())),
        _ => String::new(),
    };
    match error.status() {
        Some(code) if error.is_permanent() => {
            Failure::retry(format!("the server refused {what} ({code}){words}")).with_action(NackAction::Park)
        }
        Some(code) => Failure::retry(format!("the server put {what} off ({code}){words}")),
        // The two do not speak the same language; nothing was said that another attempt could change.
        None if error.is_client() => {
            Failure::retry(format!("the server cannot take {what}{words}")).with_action(NackAction::Park)
        }
        None if error.is_response() => Failure::retry(format!("the server gave no whole answer to {what}{words}")),
        None => Failure::retry(format!("the connection failed{words}")),
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
