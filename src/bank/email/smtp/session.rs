//! A session with a mail server. The length of its replies is bounded, and nothing that it sent in clear is read once the
//! session is encrypted.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use zeroize::Zeroizing;

/// The maximum length of a reply, in bytes.
const MAX_REPLY: u64 = 64 << 10;

/// Why a session cannot continue.
#[derive(Debug, Error)]
pub(super) enum SessionError {
    /// The server refused a command: permanently with a code from 500 on, for now with a lower one.
    #[error("{code} {words}")]
    Refused { code: u16, words: String },
    #[error("the server gave no valid reply")]
    InvalidReply,
    #[error("the server's reply is longer than {MAX_REPLY} bytes")]
    ReplyTooLong,
    /// Anybody on the network may have sent it, and it would be read as a reply of the server.
    #[error("something was sent in clear where TLS was to begin")]
    PlaintextBeforeTls,
    #[error("it lacks {0}")]
    Lacks(&'static str),
    #[error(transparent)]
    Connection(#[from] io::Error),
}

#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

/// A TCP connection, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// A connection before its session, or between the session in clear and the encrypted one.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    /// The client's name in EHLO.
    client_name: String,
}

impl Connection {
    /// Connects to the first address that accepts within the time limit.
    pub(super) async fn to(addresses: &[SocketAddr], time_limit: Duration) -> Result<Self, SessionError> {
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the server has no address");
        for address in addresses {
            let connected = timeout(time_limit, TcpStream::connect(address)).await;
            match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    let client_name = match stream.local_addr()? {
                        SocketAddr::V4(address) => format!("[{}]", address.ip()),
                        SocketAddr::V6(address) => format!("[IPv6:{}]", address.ip()),
                    };
                    return Ok(Self { stream: Box::new(stream), client_name });
                }
                Err(error) => failure = error,
            }
        }
        Err(failure.into())
    }

    pub(super) async fn encrypted(self, tls: &TlsConnector, host: &str) -> Result<Self, SessionError> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(Self { stream: Box::new(tls.connect(name, self.stream).await?), client_name: self.client_name })
    }

    /// Reads the server's greeting and sends EHLO.
    pub(super) async fn begin(self) -> Result<Session, SessionError> {
        let mut session = Session::over(self);
        session.reply(2).await?;
        session.ehlo().await
    }
}

/// A session after EHLO.
pub(super) struct Session {
    stream: BufReader<Box<dyn Stream>>,
    client_name: String,
    /// The lines of the reply to EHLO, in upper case.
    extensions: Vec<String>,
}

impl Session {
    fn over(Connection { stream, client_name }: Connection) -> Self {
        Self { stream: BufReader::new(stream), client_name, extensions: Vec::new() }
    }

    async fn ehlo(mut self) -> Result<Self, SessionError> {
        let reply = self.command(&format!("EHLO {}\r\n", self.client_name), 2).await?;
        self.extensions = reply.into_iter().skip(1).map(|line| line.to_ascii_uppercase()).collect();
        Ok(self)
    }

    /// Encrypts the connection and begins the session anew.
    pub(super) async fn starttls(mut self, tls: &TlsConnector, host: &str) -> Result<Self, SessionError> {
        if !self.offers("STARTTLS") {
            return Err(SessionError::Lacks("STARTTLS"));
        }
        self.command("STARTTLS\r\n", 2).await?;
        // Plaintext that arrives later than this reaches the TLS handshake, which fails.
        if !self.stream.buffer().is_empty() {
            return Err(SessionError::PlaintextBeforeTls);
        }
        let connection = Connection { stream: self.stream.into_inner(), client_name: self.client_name };
        Self::over(connection.encrypted(tls, host).await?).ehlo().await
    }

    pub(super) async fn sign_in(&mut self, credentials: &Credentials) -> Result<(), SessionError> {
        let Credentials { user, password } = credentials;
        let base64_line = |words: &str| Zeroizing::new(format!("{}\r\n", BASE64_STANDARD.encode(words)));
        let supports = |mechanism: &str| {
            let mut mechanisms = self.extensions.iter().filter_map(|line| line.strip_prefix("AUTH "));
            mechanisms.any(|mechanisms| mechanisms.split(' ').any(|offered| offered == mechanism))
        };
        if supports("PLAIN") {
            let both = Zeroizing::new(format!("\0{user}\0{}", **password));
            self.command(&Zeroizing::new(format!("AUTH PLAIN {}", *base64_line(&both))), 2).await?;
        } else if supports("LOGIN") {
            self.command("AUTH LOGIN\r\n", 3).await?;
            self.command(&base64_line(user), 3).await?;
            self.command(&base64_line(password), 2).await?;
        } else {
            return Err(SessionError::Lacks("AUTH PLAIN"));
        }
        Ok(())
    }

    /// Whether the server has announced an extension.
    pub(super) fn offers(&self, extension: &str) -> bool {
        self.extensions.iter().any(|line| line.split(' ').next() == Some(extension))
    }

    /// Sends a command and returns the lines of the reply, if its code has the expected first digit: 2 for done, 3 for
    /// more input.
    pub(super) async fn command(&mut self, command: &str, expected: u16) -> Result<Vec<String>, SessionError> {
        self.stream.write_all(command.as_bytes()).await?;
        self.stream.flush().await?;
        self.reply(expected).await
    }

    async fn reply(&mut self, expected: u16) -> Result<Vec<String>, SessionError> {
        let mut input = (&mut self.stream).take(MAX_REPLY);
        let (mut first_code, mut lines) = (None, Vec::new());
        loop {
            let mut line = Vec::new();
            input.read_until(b'\n', &mut line).await?;
            if !line.ends_with(b"\n") {
                return Err(if input.limit() == 0 { SessionError::ReplyTooLong } else { SessionError::InvalidReply });
            }
            let (code, words, is_last) = parse(&line).ok_or(SessionError::InvalidReply)?;
            if *first_code.get_or_insert(code) != code {
                return Err(SessionError::InvalidReply);
            }
            lines.push(words);
            match (is_last, code / 100) {
                (false, _) => {}
                (true, class) if class == expected => return Ok(lines),
                (true, 4 | 5) => return Err(SessionError::Refused { code, words: joined(&lines) }),
                (true, _) => return Err(SessionError::InvalidReply),
            }
        }
    }
}

/// Splits a line of a reply into its code and its words, and says whether it is the last.
fn parse(line: &[u8]) -> Option<(u16, String, bool)> {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches(['\r', '\n']);
    let (code, words) = line.split_at_checked(3)?;
    let is_code = code.bytes().all(|digit| digit.is_ascii_digit());
    let is_last = match words.bytes().next() {
        Some(b'-') => false,
        Some(b' ') | None => true,
        Some(_) => return None,
    };
    let words = words.get(1..).unwrap_or_default().to_owned();
    Some((code.parse().ok().filter(|_| is_code)?, words, is_last))
}

/// Joins the lines of a reply. An enhanced status code such as `5.1.1`, which begins each line, is kept once.
fn joined(lines: &[String]) -> String {
    let Some((first, rest)) = lines.split_first() else { return String::new() };
    let code = first.split(' ').next().unwrap_or_default();
    let is_code = code.contains('.') && code.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let repeated =
        |line: &str| is_code.then(|| line.strip_prefix(code)?.strip_prefix(' ').map(str::to_owned)).flatten();
    let rest = rest.iter().map(|line| repeated(line).unwrap_or_else(|| line.clone()));
    [first.clone()].into_iter().chain(rest).collect::<Vec<_>>().join(" ")
}
