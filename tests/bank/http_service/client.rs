//! A client for the part of HTTP/1.1 that the service uses.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::in_time;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn create(account: &str) -> Self {
        Self::new("PUT", &format!("/accounts/{account}"))
    }

    pub(crate) fn deposit(account: &str, amount: u64) -> Self {
        Self::post(&format!("/accounts/{account}/deposits"), &format!("{{\"amount\": {amount}}}"))
    }

    pub(crate) fn withdraw(account: &str, amount: u64) -> Self {
        Self::post(&format!("/accounts/{account}/withdrawals"), &format!("{{\"amount\": {amount}}}"))
    }

    pub(crate) fn transfer(from: &str, to: &str, amount: u64) -> Self {
        Self::post("/transfers", &format!("{{\"from\": \"{from}\", \"to\": \"{to}\", \"amount\": {amount}}}"))
    }

    pub(crate) fn post(path: &str, body: &str) -> Self {
        Self { body: body.to_owned(), ..Self::new("POST", path) }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, key: Uuid) -> Self {
        self.header("Idempotency-Key", &key.to_string())
    }

    /// The request without its body.
    fn head(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let Self { method, path, body, .. } = self;
        format!("{method} {path} HTTP/1.1\r\nHost: bank\r\nContent-Length: {}\r\n{headers}\r\n", body.len())
    }
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Header names are in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status and the error code.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned())
    }

    /// The parts that distinguish responses.
    pub(crate) fn outcome(&self) -> (u16, &str) {
        (self.status, &self.body)
    }
}

/// A persistent connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = in_time(TcpStream::connect(address)).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// # Errors
    ///
    /// The service has ended, so the outcome of the request is unknown.
    pub(crate) async fn ask(&mut self, request: &Request) -> io::Result<Answer> {
        in_time(async {
            self.send(&(request.head() + &request.body)).await?;
            self.answer().await
        })
        .await
    }

    /// Sends the request without its body, which the service waits for when this returns.
    pub(crate) async fn begin(&mut self, request: &Request) -> io::Result<()> {
        let request = request.clone().header("Expect", "100-continue");
        self.send(&request.head()).await?;
        let go_on = in_time(self.head()).await?;
        assert_eq!(go_on.status, 100);
        Ok(())
    }

    /// Sends the body.
    pub(crate) async fn finish(&mut self, request: &Request) -> io::Result<Answer> {
        self.send(&request.body).await?;
        in_time(self.answer()).await
    }

    /// Whether the service has closed the connection.
    pub(crate) async fn is_closed(&mut self) -> bool {
        in_time(self.0.fill_buf()).await.is_ok_and(<[u8]>::is_empty)
    }

    async fn send(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes()).await?;
        self.0.flush().await
    }

    async fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = self.head().await?;
        let length: usize = answer.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        answer.body = String::from_utf8(body).unwrap();
        Ok(answer)
    }

    async fn head(&mut self) -> io::Result<Answer> {
        let status = self.line().await?;
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Ok(Answer { status, headers, body: String::new() })
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        let Some(line) = line.strip_suffix("\r\n") else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        Ok(line.to_owned())
    }
}

/// A stream of server-sent events.
pub(crate) struct Watch {
    connection: Connection,
    text: String,
}

impl Watch {
    /// # Errors
    ///
    /// The response, if it is not an event stream.
    pub(crate) async fn open(address: SocketAddr, request: &Request) -> Result<Self, Answer> {
        let mut connection = Connection::open(address).await.unwrap();
        connection.send(&request.head()).await.unwrap();
        let head = in_time(connection.head()).await.unwrap();
        if head.status != 200 {
            return Err(head);
        }
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        Ok(Self { connection, text: String::new() })
    }

    /// The id and the data of the next event; `None` after an orderly end of the stream.
    pub(crate) async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            let Some((event, rest)) = self.text.split_once("\n\n") else {
                let more = in_time(self.chunk()).await?;
                self.text.push_str(&more);
                continue;
            };
            let (event, rest) = (event.to_owned(), rest.to_owned());
            self.text = rest;
            let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
            // A block without id and data is a keep-alive comment.
            if let (Some(id), Some(data)) = (field("id: "), field("data: ")) {
                return Some((id.parse().unwrap(), serde_json::from_str(data).unwrap()));
            }
        }
    }

    async fn chunk(&mut self) -> Option<String> {
        let size = usize::from_str_radix(&self.connection.line().await.unwrap(), 16).unwrap();
        let mut chunk = vec![0; size];
        self.connection.0.read_exact(&mut chunk).await.unwrap();
        assert_eq!(self.connection.line().await.unwrap(), "");
        (size > 0).then(|| String::from_utf8(chunk).unwrap())
    }
}
