//! Three NATS servers on free ports, each of which syncs what it is given, in a directory that goes with them.
//!
//! All that is between them, and before the ports of their clients, goes through a [`Proxy`]. What a test has done to it
//! all is undone when it ends.

#![allow(dead_code, reason = "each test needs a part of this")]

mod files;
mod guard;
mod node;
mod proxy;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use self::guard::Guarded;
pub(crate) use self::node::{Node, Ports};
pub(crate) use self::proxy::{Condition, Proxy};
use crate::nats_server::try_request;

pub(crate) const NODES: usize = 3;

/// Longer than anything takes on a busy machine, an election among it: a hang fails instead of waiting.
pub(crate) const HANG: Duration = Duration::from_secs(90);

/// So many times three nodes are started with new ports.
const ATTEMPTS: usize = 3;

/// How often something is asked that says nothing by itself.
const ASKED_AGAIN: Duration = Duration::from_millis(5);

/// How long an answer may take before it is asked for again.
const ANSWER: Duration = Duration::from_secs(2);

/// Three nodes, and the connections between them. They end with the last who has this.
pub(crate) struct Cluster {
    pub(crate) nodes: [Node; NODES],
    /// Before the port of each node for clients.
    clients: [Proxy; NODES],
    /// `routes[one][other]` is how one node reaches another.
    routes: [[Option<Proxy>; NODES]; NODES],
    _directory: TempDir,
}

impl Cluster {
    /// Starts three nodes, which are well. A port that was free may be somebody else's by then: others are tried.
    pub(crate) fn start() -> Self {
        for _ in 0..ATTEMPTS {
            let cluster = Self::begun();
            let is_well = until("all nodes are well, or one has ended", || {
                let runs = cluster.nodes.iter().all(Node::is_running);
                let is_well = runs && cluster.nodes.iter().all(Node::is_well);
                (is_well || !runs).then_some(is_well)
            });
            if is_well {
                return cluster;
            }
            cluster.nodes.iter().for_each(|node| eprintln!("{}", node.log()));
        }
        panic!("a node does not start");
    }

    fn begun() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ports = Ports::of_all();
        let clients = ports.map(|ports| Proxy::to(ports.client));
        let between = |one: usize, other: usize| (one != other).then(|| Proxy::to(ports[other].route));
        let routes = [0, 1, 2].map(|one| [0, 1, 2].map(|other| between(one, other)));
        let nodes = [0, 1, 2].map(|node| {
            let others: Vec<_> = routes[node].iter().flatten().map(Proxy::port).collect();
            Node::new(node, directory.path(), ports[node], clients[node].port(), &others)
        });
        let cluster = Self { nodes, clients, routes, _directory: directory };
        cluster.nodes.iter().for_each(Node::start);
        cluster
    }

    /// A name that no other test has.
    pub(crate) fn stream_name(&self) -> String {
        static NAMES: AtomicUsize = AtomicUsize::new(0);
        format!("case-{}", NAMES.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Where clients find each node.
    pub(crate) fn client_port(&self, node: usize) -> u16 {
        self.clients[node].port()
    }

    /// Where clients find all of them: `127.0.0.1:4222,127.0.0.1:4223,127.0.0.1:4224`.
    pub(crate) fn servers(&self) -> String {
        self.clients.each_ref().map(|proxy| format!("127.0.0.1:{}", proxy.port())).join(",")
    }

    /// How clients reach a node.
    pub(crate) fn client_proxy(&self, node: usize) -> &Proxy {
        &self.clients[node]
    }

    /// How a node and its peers reach each other, both ways.
    pub(crate) fn routes_of(&self, node: usize) -> impl Iterator<Item = &Proxy> {
        let out = self.routes[node].iter();
        out.chain(self.routes.iter().map(move |routes| &routes[node])).flatten()
    }

    /// Cuts or holds what is between a node and its peers.
    pub(crate) fn apart_from_peers(&self, node: usize, condition: Condition) {
        self.routes_of(node).for_each(|proxy| proxy.set(condition));
    }

    /// Cuts or holds what is between a node and its clients.
    pub(crate) fn apart_from_clients(&self, node: usize, condition: Condition) {
        self.clients[node].set(condition);
    }

    /// Cuts or holds a node off from everybody.
    pub(crate) fn apart(&self, node: usize, condition: Condition) {
        self.apart_from_peers(node, condition);
        self.apart_from_clients(node, condition);
    }

    /// From now on, what one node sends another comes so much later: an answer takes twice as long.
    pub(crate) fn delay_between_nodes(&self, delay: Duration) {
        self.routes.iter().flatten().flatten().for_each(|proxy| proxy.delay(delay));
    }

    /// The same for what nodes and clients send each other.
    pub(crate) fn delay_before_clients(&self, delay: Duration) {
        self.clients.iter().for_each(|proxy| proxy.delay(delay));
    }

    /// All nodes run and reach each other, and they are well again.
    pub(crate) fn heal(&self) {
        self.restore();
        self.wait_until_well();
    }

    fn restore(&self) {
        for proxy in self.routes.iter().flatten().flatten().chain(&self.clients) {
            proxy.set(Condition::Open);
            proxy.delay(Duration::ZERO);
        }
        for node in &self.nodes {
            node.start();
            node.resume();
        }
    }

    /// Waits until each node follows a leader and has what it should keep.
    pub(crate) fn wait_until_well(&self) {
        until("all nodes are well", || self.nodes.iter().all(Node::is_well).then_some(()));
    }

    /// Makes a stream of three replicas that takes everything under its name, and waits until its replicas are there.
    pub(crate) fn make_stream(&self, name: &str) {
        self.make(&json!({ "name": name, "subjects": [format!("{name}.>")], "num_replicas": NODES }));
        self.wait_until_well();
    }

    /// Makes a stream as its configuration says, and waits until it has a leader.
    pub(crate) fn make(&self, stream: &Value) {
        let name = stream["name"].as_str().unwrap();
        // A leader that was just chosen may not have heard of every node yet.
        until("the stream is made", || {
            let made = self.ask(&format!("$JS.API.STREAM.CREATE.{name}"), stream);
            (made["config"]["num_replicas"] == stream["num_replicas"]).then_some(())
        });
        self.leader_of(name);
    }

    /// Asks the cluster, by whichever node answers.
    pub(crate) fn ask(&self, subject: &str, payload: &Value) -> Value {
        let mut nodes = (0..NODES).cycle();
        until(&format!("an answer about {subject}"), || {
            let node = nodes.next()?;
            let answer = try_request(self.client_port(node), subject, payload, ANSWER).ok()?;
            // A node without a leader says so.
            (answer["error"]["code"] != json!(503)).then_some(answer)
        })
    }

    /// Publishes to a stream; answers with the number that the message has there.
    pub(crate) fn publish(&self, stream: &str, payload: &Value) -> u64 {
        let added = self.ask(&format!("{stream}.event"), payload);
        added["seq"].as_u64().unwrap_or_else(|| panic!("{added}"))
    }

    /// The node that leads a stream, once all agree on one.
    pub(crate) fn leader_of(&self, stream: &str) -> usize {
        self.leader_among(&[0, 1, 2], stream)
    }

    /// The node that leads a stream, once these nodes agree on one of them.
    pub(crate) fn leader_among(&self, nodes: &[usize], stream: &str) -> usize {
        until(&format!("a leader of {stream} among {nodes:?}"), || {
            let leaders: Option<Vec<_>> = nodes.iter().map(|node| self.nodes[*node].leader_of(stream)).collect();
            let leaders = leaders?;
            let is_agreed = leaders.iter().all(|leader| *leader == leaders[0]);
            nodes.iter().copied().find(|node| is_agreed && self.nodes[*node].name == leaders[0])
        })
    }

    /// Waits until the replicas of a stream end at the same message, which is this one or a later one.
    pub(crate) fn wait_for_replicas(&self, stream: &str, last: u64) {
        until(&format!("three replicas of {stream} up to {last}"), || {
            let last_of = |node: &Node| node.stream(stream)?["state"]["last_seq"].as_u64();
            let ends: Option<Vec<_>> = self.nodes.iter().map(last_of).collect();
            ends.filter(|ends| ends[0] >= last && ends.iter().all(|end| *end == ends[0])).map(drop)
        });
    }
}

/// Asks for something until it is there, for as long as [`HANG`].
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + HANG;
    loop {
        if let Some(there) = ask() {
            return there;
        }
        assert!(Instant::now() < deadline, "waited in vain for this: {what}");
        // So that two processors have time for three servers.
        thread::sleep(ASKED_AGAIN);
    }
}
