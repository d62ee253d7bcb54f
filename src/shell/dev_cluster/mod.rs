//! A development cluster: three NATS servers on this machine, for as long as the program runs. Each writes what it is
//! given to its disk before it acknowledges that.
//!
//! They are processes in groups of their own, so that Ctrl-C reaches this program alone, which then ends them.

mod configuration;
mod directory;
mod health;
mod node;
mod ports;
mod server;

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::{runtime, time};

use self::directory::Directory;
use self::node::{End, Node, Report};
use self::ports::NodePorts;
use self::server::Server;
use super::description::Program;
use super::signals::EndingSignals;
use super::{escape, streams};

pub(super) use self::directory::DirectoryError;
pub(super) use self::node::NodeError;
pub(super) use self::server::ServerError;

const NODES: usize = 3;

const NAMES: [&str; NODES] = ["n1", "n2", "n3"];

/// How long the nodes may take until all of them have found their leader. With millions of messages that takes seconds.
const START: Duration = Duration::from_secs(120);

/// Reports that may wait to be printed: a node that has more of them waits too.
const REPORTS: usize = 16;

/// Why the cluster did not start, or ended by itself.
#[derive(Debug, Error)]
pub(super) enum DevClusterError {
    /// There is no server that can be used.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// No ports are to be had.
    #[error("no port of this machine can be used: {0}")]
    Ports(io::Error),
    /// A node cannot run.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The nodes run, and have not found each other.
    #[error("the nodes have no leader after {} s; what they log is in {}/n*/server.log", START.as_secs(), .0.display())]
    NoLeader(PathBuf),
    /// The output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(io::Error),
    /// The system lacks something else.
    #[error("the development cluster cannot run: {0}")]
    System(#[from] io::Error),
    /// A task has panicked.
    #[error("the development cluster panicked: {0}")]
    Panic(#[from] JoinError),
}

impl DevClusterError {
    /// Whether what should read the output has ended.
    pub(super) fn nobody_reads(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Runs the cluster until a signal asks it to end.
pub(super) fn run(program: &Program, path: &Path) -> Result<(), DevClusterError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(start_and_keep(program, path));
    // A question to a node that has ended may still wait for its answer.
    runtime.shutdown_background();
    ended
}

async fn start_and_keep(program: &Program, path: &Path) -> Result<(), DevClusterError> {
    let signals = EndingSignals::of_a_server()?;
    let server = Server::find().await?;
    let directory = Directory::claim(path)?;
    let ports = ports::choose(directory.ports_of_before()).map_err(DevClusterError::Ports)?;
    directory.write_configurations(&ports)?;
    let shown = path.display();
    print(&format!("starting three nodes of nats-server {} ({}) in {shown}", server.version, server.path.display()))?;

    let (reports, reported) = mpsc::channel(REPORTS);
    let end = watch::Sender::new(End::NotYet);
    let mut nodes = JoinSet::new();
    for (folder, ports) in directory.folders.into_iter().zip(ports) {
        nodes.spawn(Node::new(&server, folder, ports).keep(reports.clone(), end.subscribe()));
    }
    drop(reports);
    let mut cluster = Cluster { path, nodes, reported, end, signals };
    let kept = cluster.keep(&ready(program, &ports)).await;
    let ended = cluster.end().await;
    kept?;
    ended?;
    print(&format!("n1, n2 and n3 have ended; what they keep is in {shown}"))
}

/// The three nodes while they run.
struct Cluster<'a> {
    path: &'a Path,
    nodes: JoinSet<Result<(), NodeError>>,
    reported: mpsc::Receiver<Report>,
    end: watch::Sender<End>,
    signals: EndingSignals,
}

impl Cluster<'_> {
    /// Prints what happens until a signal asks for the end. With `ready` it says that all nodes are.
    async fn keep(&mut self, ready: &str) -> Result<(), DevClusterError> {
        let deadline = time::sleep(START);
        tokio::pin!(deadline);
        let mut are_ready = [false; NODES];
        let mut is_said = false;
        loop {
            tokio::select! {
                _ = self.signals.any() => return Ok(()),
                Some(ended) = self.nodes.join_next() => ended??,
                Some(report) = self.reported.recv() => {
                    if let (Report::Ready(node), false) = (&report, is_said) {
                        are_ready[*node] = true;
                        is_said = are_ready == [true; NODES];
                        if is_said {
                            print(ready)?;
                        }
                    } else {
                        print(&report.to_string())?;
                    }
                }
                () = &mut deadline, if !is_said => return Err(DevClusterError::NoLeader(self.path.to_owned())),
            }
        }
    }

    /// Ends all nodes that run. Another signal meanwhile kills them.
    async fn end(&mut self) -> Result<(), DevClusterError> {
        self.end.send_replace(End::Asked);
        // What is still reported is of no interest, and no node is to wait for that.
        self.reported.close();
        loop {
            tokio::select! {
                ended = self.nodes.join_next() => match ended {
                    Some(ended) => ended??,
                    None => return Ok(()),
                },
                _ = self.signals.any() => {
                    self.end.send_replace(End::Now);
                }
            }
        }
    }
}

/// What is printed once all nodes run and have a leader.
fn ready(program: &Program, ports: &[NodePorts; NODES]) -> String {
    let mut text = "they are ready, and Ctrl-C ends them:\n".to_owned();
    for (name, ports) in NAMES.iter().zip(ports) {
        let NodePorts { client, monitor, .. } = ports;
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name}  nats://127.0.0.1:{client}  http://127.0.0.1:{monitor}");
    }
    let servers: Vec<_> = ports.iter().map(|ports| format!("127.0.0.1:{}", ports.client)).collect();
    let Program { name, domain, .. } = program;
    let _ = write!(text, "{name} nats://{}/{domain}", servers.join(","));
    text
}

fn print(text: &str) -> Result<(), DevClusterError> {
    streams::print(&format!("{}\n", escape::lines(text))).map_err(DevClusterError::Output)
}
