//! Whether a node is well: it answers, follows the leader of the cluster, and has what it should keep. The leader is well
//! once it has heard from all others, and so may place what they are to keep.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use super::NODES;

/// How often a node is asked.
const INTERVAL: Duration = Duration::from_millis(20);

/// How long a node may take for an answer.
const ANSWER: Duration = Duration::from_secs(2);

/// The most that is read of an answer, in bytes.
const LONGEST: u64 = 1 << 16;

/// Asks a node, by its port for such questions, until it is well.
pub(super) async fn well(name: &'static str, monitor: u16) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // No answer, and none that can be read, is what a node gives that is about to start.
        if let Ok(Ok(true)) = spawn_blocking(move || is_well(name, monitor)).await {
            return;
        }
    }
}

#[derive(Deserialize)]
struct Health {
    status: String,
}

#[derive(Deserialize)]
struct JetStream {
    meta_cluster: Cluster,
}

#[derive(Deserialize)]
struct Cluster {
    cluster_size: usize,
    #[serde(default)]
    leader: String,
    /// Of which only the leader knows whether they are current.
    #[serde(default)]
    replicas: Vec<Replica>,
}

#[derive(Deserialize)]
struct Replica {
    current: bool,
    #[serde(default)]
    offline: bool,
}

fn is_well(name: &str, monitor: u16) -> io::Result<bool> {
    let Health { status } = serde_json::from_str(&answer(monitor, "/healthz")?)?;
    let JetStream { meta_cluster } = serde_json::from_str(&answer(monitor, "/jsz")?)?;
    let Cluster { cluster_size, leader, replicas } = meta_cluster;
    let all_are_here = || replicas.iter().all(|replica| replica.current && !replica.offline);
    Ok(status == "ok" && cluster_size == NODES && (leader != name || all_are_here()))
}

/// The body of an answer.
fn answer(monitor: u16, path: &str) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, monitor));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    body.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
