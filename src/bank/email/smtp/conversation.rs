//! A conversation with a mail server, in SMTP: what a server says is bounded, and nothing of what it has said in clear is
//! believed once the conversation is encrypted.

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

/// The longest answer that is listened to, in bytes.
const MAX_ANSWER: u64 = 64 << 10;

/// Why a conversation does not go on.
#[derive(Debug, Error)]
pub(super) enum ConversationError {
    /// The server said no: for good from 500 on, for now below.
    #[error("{code} {words}")]
    Refused { code: u16, words: String },
    /// What it said is no answer that SMTP has there.
    #[error("it is no answer to that")]
    NoAnswer,
    #[error("the server says more than {MAX_ANSWER} bytes at once")]
    TooLong,
    /// Whoever is on the way can have said it, and it would be taken for an answer of the server.
    #[error("something was said in clear where TLS was to begin")]
    InClear,
    /// Nothing that another attempt could change.
    #[error("it lacks {0}")]
    Lacks(&'static str),
    #[error(transparent)]
    Connection(#[from] io::Error),
}

/// Who signs in.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

/// What a conversation goes over.
trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// A connection on which nothing has been said yet, or nothing that still counts.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    /// How we introduce ourselves.
    name: String,
}

impl Connection {
    /// Connects to the first address that answers within `patience`.
    pub(super) async fn to(addresses: &[SocketAddr], patience: Duration) -> Result<Self, ConversationError> {
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the server has no address");
        for address in addresses {
            let connected = timeout(patience, TcpStream::connect(address)).await;
            match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    let name = match stream.local_addr()? {
                        SocketAddr::V4(address) => format!("[{}]", address.ip()),
                        SocketAddr::V6(address) => format!("[IPv6:{}]", address.ip()),
                    };
                    return Ok(Self { stream: Box::new(stream), name });
                }
                Err(error) => failure = error,
            }
        }
        Err(failure.into())
    }

    pub(super) async fn encrypted(self, tls: &TlsConnector, host: &str) -> Result<Self, ConversationError> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(Self { stream: Box::new(tls.connect(name, self.stream).await?), name: self.name })
    }

    /// Lets the server greet us.
    pub(super) async fn greeted(self) -> Result<Conversation, ConversationError> {
        let mut conversation = Conversation::over(self);
        conversation.answer(2).await?;
        conversation.introduced().await
    }
}

/// A conversation in which we have introduced ourselves.
pub(super) struct Conversation {
    stream: BufReader<Box<dyn Stream>>,
    name: String,
    /// What the server can do, as it says it.
    extensions: Vec<String>,
}

impl Conversation {
    fn over(Connection { stream, name }: Connection) -> Self {
        Self { stream: BufReader::new(stream), name, extensions: Vec::new() }
    }

    async fn introduced(mut self) -> Result<Self, ConversationError> {
        let answer = self.ask(&format!("EHLO {}\r\n", self.name), 2).await?;
        self.extensions = answer.into_iter().skip(1).map(|line| line.to_ascii_uppercase()).collect();
        Ok(self)
    }

    /// The same conversation from the beginning, encrypted.
    pub(super) async fn encrypted(mut self, tls: &TlsConnector, host: &str) -> Result<Self, ConversationError> {
        if !self.offers("STARTTLS") {
            return Err(ConversationError::Lacks("STARTTLS"));
        }
        self.ask("STARTTLS\r\n", 2).await?;
        // What comes later than this is for TLS to read, which does not take it.
        if !self.stream.buffer().is_empty() {
            return Err(ConversationError::InClear);
        }
        let connection = Connection { stream: self.stream.into_inner(), name: self.name };
        Self::over(connection.encrypted(tls, host).await?).introduced().await
    }

    pub(super) async fn sign_in(&mut self, credentials: &Credentials) -> Result<(), ConversationError> {
        let Credentials { user, password } = credentials;
        let line = |words: &str| Zeroizing::new(format!("{}\r\n", BASE64_STANDARD.encode(words)));
        let takes = |mechanism: &str| {
            let mut ways = self.extensions.iter().filter_map(|line| line.strip_prefix("AUTH "));
            ways.any(|ways| ways.split(' ').any(|way| way == mechanism))
        };
        if takes("PLAIN") {
            let both = Zeroizing::new(format!("\0{user}\0{}", **password));
            self.ask(&Zeroizing::new(format!("AUTH PLAIN {}", *line(&both))), 2).await?;
        } else if takes("LOGIN") {
            self.ask("AUTH LOGIN\r\n", 3).await?;
            self.ask(&line(user), 3).await?;
            self.ask(&line(password), 2).await?;
        } else {
            return Err(ConversationError::Lacks("AUTH PLAIN"));
        }
        Ok(())
    }

    /// Whether the server has said that it can do something.
    pub(super) fn offers(&self, extension: &str) -> bool {
        self.extensions.iter().any(|line| line.split(' ').next() == Some(extension))
    }

    /// Says something, and answers with the lines that the server says to it, if they are of the class that is wanted:
    /// 2 for what is done, 3 for what is to go on.
    pub(super) async fn ask(&mut self, words: &str, wanted: u16) -> Result<Vec<String>, ConversationError> {
        self.stream.write_all(words.as_bytes()).await?;
        self.stream.flush().await?;
        self.answer(wanted).await
    }

    async fn answer(&mut self, wanted: u16) -> Result<Vec<String>, ConversationError> {
        let mut input = (&mut self.stream).take(MAX_ANSWER);
        let (mut first_code, mut lines) = (None, Vec::new());
        loop {
            let mut line = Vec::new();
            input.read_until(b'\n', &mut line).await?;
            if !line.ends_with(b"\n") {
                return Err(if input.limit() == 0 { ConversationError::TooLong } else { ConversationError::NoAnswer });
            }
            let (code, words, is_last) = parse(&line).ok_or(ConversationError::NoAnswer)?;
            if *first_code.get_or_insert(code) != code {
                return Err(ConversationError::NoAnswer);
            }
            lines.push(words);
            match (is_last, code / 100) {
                (false, _) => {}
                (true, class) if class == wanted => return Ok(lines),
                (true, 4 | 5) => return Err(ConversationError::Refused { code, words: joined(&lines) }),
                (true, _) => return Err(ConversationError::NoAnswer),
            }
        }
    }
}

/// The code of an answer's line, its words, and whether it is the last.
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

/// The lines as one. A code such as `5.1.1` is there once, though each line has it.
fn joined(lines: &[String]) -> String {
    let Some((first, rest)) = lines.split_first() else { return String::new() };
    let code = first.split(' ').next().unwrap_or_default();
    let is_code = code.contains('.') && code.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let repeated =
        |line: &str| is_code.then(|| line.strip_prefix(code)?.strip_prefix(' ').map(str::to_owned)).flatten();
    let rest = rest.iter().map(|line| repeated(line).unwrap_or_else(|| line.clone()));
    [first.clone()].into_iter().chain(rest).collect::<Vec<_>>().join(" ")
}
