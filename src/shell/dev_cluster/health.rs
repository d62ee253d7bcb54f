//! Whether a node is well: it answers, follows the leader of the cluster, and has what it should keep.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;
use std::{io, str};

use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

/// How often a node is asked.
const INTERVAL: Duration = Duration::from_millis(20);

/// How long a node may take for an answer.
const ANSWER: Duration = Duration::from_secs(2);

/// Asks a node, by its port for such questions, until it is well.
pub(super) async fn well(monitor: u16) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // No answer, and none that can be read, is what a node gives that is about to start.
        if let Ok(Ok(true)) = spawn_blocking(move || is_well(monitor)).await {
            return;
        }
    }
}

fn is_well(monitor: u16) -> io::Result<bool> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, monitor));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
    let mut start = [0; "HTTP/1.0 200".len()];
    stream.read_exact(&mut start)?;
    Ok(str::from_utf8(&start).is_ok_and(|line| line.starts_with("HTTP/1.") && line.ends_with(" 200")))
}
