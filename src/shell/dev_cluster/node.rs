//! One node: a process that is started again when it ends, until it is asked to end.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::NAMES;
use super::configuration::LOG;
use super::directory::{CONFIGURATION, NodeFolder};
use super::health::well;
use super::ports::NodePorts;
use super::server::Server;

/// What a node prints before it logs, in its folder.
const OUTPUT: &str = "output";

/// Stands before the reason in a line that is logged, after the time.
const FATAL: &str = " [FTL] ";

/// How long a node that was asked to end may take.
const GRACE: Duration = Duration::from_secs(10);

/// Whether the nodes are to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    NotYet,
    /// They write what they have, and end.
    Asked,
    /// They are killed.
    Now,
}

/// What happens to a node, by its number.
#[derive(Debug)]
pub(super) enum Report {
    /// It follows the leader, and has what it should keep.
    Ready(usize),
    /// It has ended though nobody asked it to; it is started again.
    Ended(usize, ExitStatus),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(node) => write!(f, "{} is back, with what the others have", NAMES[*node]),
            Self::Ended(node, status) => write!(f, "{} has ended ({status}), and is started again", NAMES[*node]),
        }
    }
}

/// Why a node cannot run.
#[derive(Debug, Error)]
pub(in crate::shell) enum NodeError {
    /// It cannot be started.
    #[error("{node} cannot be started: {error}")]
    CannotStart {
        /// The name of the node.
        node: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// It has failed before it was ready: it would do so again.
    #[error("{node} failed to start ({status}): {reason}")]
    Failed {
        /// The name of the node.
        node: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The last that it has said.
        reason: String,
    },
}

/// A node that is kept running.
#[derive(Debug)]
pub(super) struct Node {
    server: PathBuf,
    folder: NodeFolder,
    ports: NodePorts,
}

impl Node {
    pub(super) fn new(server: &Server, folder: NodeFolder, ports: NodePorts) -> Self {
        Self { server: server.path.clone(), folder, ports }
    }

    /// Runs the node until it is asked to end. One that ends by itself is started again, unless it fails to start.
    pub(super) async fn keep(
        self,
        reports: mpsc::Sender<Report>,
        mut end: watch::Receiver<End>,
    ) -> Result<(), NodeError> {
        let node = self.folder.node;
        let cannot_start = |error| NodeError::CannotStart { node: NAMES[node], error };
        loop {
            let mut process = self.start().map_err(cannot_start)?;
            let mut is_ready = false;
            let status = loop {
                tokio::select! {
                    status = process.wait() => break status.map_err(cannot_start)?,
                    () = asked(&mut end, End::Asked) => return stop(process, end).await.map_err(cannot_start),
                    () = well(NAMES[node], self.ports.monitor), if !is_ready => {
                        is_ready = true;
                        let _ = reports.send(Report::Ready(node)).await;
                    }
                }
            };
            // A node that was killed or asked to end is well, and one that says why it cannot run will not run.
            if !is_ready && status.code().is_some_and(|code| code != 0) {
                let reason = self.last_words();
                return Err(NodeError::Failed { node: NAMES[node], status, reason });
            }
            let _ = reports.send(Report::Ended(node, status)).await;
        }
    }

    fn start(&self) -> io::Result<Child> {
        let path = &self.folder.path;
        let output = File::create(path.join(OUTPUT))?;
        let mut command = Command::new(&self.server);
        command.args(["--config", CONFIGURATION]).current_dir(path).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::from(self.folder.lock.try_clone()?));
        command.stdout(Stdio::from(output.try_clone()?)).stderr(Stdio::from(output));
        command.spawn()
    }

    /// The last line that the node has printed, or else logged.
    fn last_words(&self) -> String {
        let last_line = |name: &str| last_line(&self.folder.path.join(name));
        last_line(OUTPUT).or_else(|| last_line(LOG)).unwrap_or_else(|| "it said nothing".to_owned())
    }
}

/// Waits until the nodes are asked to end, at least as urgently as this, or until nobody is left to ask them.
async fn asked(end: &mut watch::Receiver<End>, how: End) {
    let _ = end.wait_for(|end| *end >= how).await;
}

async fn stop(mut process: Child, mut end: watch::Receiver<End>) -> io::Result<()> {
    // `id` is `None` once the process has been waited for: its number may be another's by then.
    if let Some(id) = process.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        kill_process(id, Signal::TERM)?;
    }
    let ended = tokio::select! {
        ended = timeout(GRACE, process.wait()) => ended.is_ok(),
        () = asked(&mut end, End::Now) => false,
    };
    if !ended {
        process.kill().await?;
    }
    Ok(())
}

fn last_line(path: &Path) -> Option<String> {
    let text = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.split_once(FATAL).map_or(line, |(_, reason)| reason).to_owned())
}
