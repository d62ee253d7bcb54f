//! One NATS server as a process.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal};
use serde_json::Value;

use super::{ANSWER, Guarded, NODES, until};
use crate::nats_server::{nats_server, try_monitored};

/// Where a node listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) client: u16,
    pub(crate) route: u16,
    pub(crate) monitor: u16,
}

impl Ports {
    /// Free ones for all nodes.
    pub(super) fn of_all() -> [Self; NODES] {
        let held = [(); 3 * NODES].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let ports = held.each_ref().map(|listener| listener.local_addr().unwrap().port());
        let of_one = |node: usize| Self { client: ports[node], route: ports[3 + node], monitor: ports[6 + node] };
        [0, 1, 2].map(of_one)
    }
}

/// A node. It is killed when this is dropped.
pub(crate) struct Node {
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) ports: Ports,
    folder: PathBuf,
    process: Mutex<Option<Guarded>>,
}

impl Node {
    /// A node that does not run yet. Its clients and the other nodes are told to come by way of proxies.
    pub(super) fn new(number: usize, directory: &Path, ports: Ports, client_proxy: u16, routes: &[u16]) -> Self {
        let name = format!("n{}", number + 1);
        let folder = directory.join(&name);
        fs::create_dir(&folder).unwrap();
        let Ports { client, route, monitor } = ports;
        let routes: Vec<_> = routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        // On a cluster for development, programs that are told no more than a URL make what they lack.
        // Nobody listens at the port that is advertised to other nodes: they know each other by the proxies alone.
        let configuration = format!(
            "server_name: {name}
listen: 127.0.0.1:{client}
client_advertise: \"127.0.0.1:{client_proxy}\"
http: 127.0.0.1:{monitor}
log_file: server.log
server_tags: [\"sync_interval:always\"]
lame_duck_grace_period: 1s
lame_duck_duration: 30s
jetstream {{ store_dir: \".\", sync_interval: always }}
cluster {{
    name: development-tests
    listen: 127.0.0.1:{route}
    advertise: \"127.0.0.1:1\"
    routes: [{}]
}}
",
            routes.join(", ")
        );
        fs::write(folder.join("nats.conf"), configuration).unwrap();
        Self { number, name, ports, folder, process: Mutex::new(None) }
    }

    fn process(&self) -> MutexGuard<'_, Option<Guarded>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the node if it does not run.
    pub(crate) fn start(&self) {
        let mut process = self.process();
        if process.as_mut().is_some_and(|process| !process.has_ended()) {
            return;
        }
        let mut command = Command::new(nats_server());
        command.args(["--config", "nats.conf"]).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(self.folder.join("output")).unwrap());
        *process = Some(Guarded::start(&mut command, &self.folder));
    }

    /// Ends the node without letting it finish anything.
    pub(crate) fn kill(&self) {
        *self.process() = None;
    }

    /// Asks the node to end, and waits until it has.
    pub(crate) fn stop(&self) {
        self.signal(Signal::TERM);
        self.wait_for_end();
    }

    /// Asks the node to hand over what it leads, send its clients away and end.
    pub(crate) fn lame_duck(&self) {
        self.signal(Signal::USR2);
    }

    /// Waits until the node has ended that was asked to.
    pub(crate) fn wait_for_end(&self) {
        until(&format!("{} ends", self.name), || self.process().as_mut().is_none_or(Guarded::has_ended).then_some(()));
        *self.process() = None;
    }

    /// Lets the node do nothing until it is to [go on](Self::resume). Its connections stay.
    pub(crate) fn suspend(&self) {
        self.signal(Signal::STOP);
    }

    /// Does nothing to one that is not suspended.
    pub(crate) fn resume(&self) {
        self.process().iter().for_each(|process| process.signal(Signal::CONT));
    }

    fn signal(&self, signal: Signal) {
        self.process().as_ref().unwrap_or_else(|| panic!("{} runs", self.name)).signal(signal);
    }

    /// Its process, if it runs.
    pub(crate) fn id(&self) -> Option<Pid> {
        self.process().as_ref().map(Guarded::id)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.process().as_mut().is_some_and(|process| !process.has_ended())
    }

    /// The folder of what it keeps. Only while it does not run may that be touched.
    pub(super) fn stored(&self) -> PathBuf {
        assert!(!self.is_running(), "{} runs", self.name);
        self.folder.join("jetstream")
    }

    /// Where a copy of that may be.
    pub(super) fn copied(&self) -> PathBuf {
        self.folder.join("copy")
    }

    /// What the node has logged, for the message of a failure.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }

    /// Whether it follows a leader and has what it should keep. The leader has also heard from all others: before that, it
    /// would place no stream on them.
    pub(crate) fn is_well(&self) -> bool {
        let told = |path| try_monitored(self.ports.monitor, path, ANSWER).unwrap_or_default();
        let is_here = |replica: &Value| replica["current"] == true && replica["offline"] != true;
        let cluster = told("/jsz")["meta_cluster"].take();
        let replicas = cluster["replicas"].as_array().map(Vec::as_slice).unwrap_or_default();
        let leads = cluster["leader"] == self.name.as_str();
        told("/healthz")["status"] == "ok"
            && cluster["cluster_size"] == NODES
            && (!leads || replicas.iter().all(is_here))
    }

    /// The name of the node that it takes for the leader of a stream.
    pub(crate) fn leader_of(&self, stream: &str) -> Option<String> {
        self.stream(stream)?["cluster"]["leader"].as_str().map(str::to_owned)
    }

    /// What it knows about a stream.
    pub(crate) fn stream(&self, name: &str) -> Option<Value> {
        let told = try_monitored(self.ports.monitor, "/jsz?accounts=true&streams=true", ANSWER).ok()?;
        let accounts = told["account_details"].as_array()?.iter();
        let mut streams = accounts.filter_map(|account| account["stream_detail"].as_array()).flatten();
        streams.find(|stream| stream["name"] == name).cloned()
    }
}
