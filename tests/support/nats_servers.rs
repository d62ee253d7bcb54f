//! Three NATS servers on free ports of this machine, a cluster for one test binary. They end with it, however it ends.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use crate::nats_server::nats_server;

const NODES: usize = 3;

/// Starts a server and stops it as soon as its standard input ends, which it does with the test binary.
const UNTIL_THE_TESTS_END: &str = r#""$0" -c "$1" & read -r _; kill -9 $!; wait"#;

pub(crate) struct NatsServers {
    ports: Vec<u16>,
    _nodes: Vec<Child>,
    _directory: TempDir,
}

static SERVERS: LazyLock<NatsServers> = LazyLock::new(NatsServers::start);

/// The URL of a log on the cluster that no other test uses.
pub(crate) fn new_log_url() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("{}/test-{}", SERVERS.urls(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl NatsServers {
    fn start() -> Self {
        let server = nats_server();
        let directory = tempfile::tempdir().unwrap();
        let listeners: Vec<_> = (0..2 * NODES).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        drop(listeners);
        let (ports, routes) = ports.split_at(NODES);
        let all_routes: Vec<_> = routes.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
        let nodes: Vec<_> = (0..NODES)
            .map(|node| {
                let (port, route, all_routes) = (ports[node], routes[node], all_routes.join(", "));
                let data = directory.path().join(format!("node-{node}"));
                let configuration = format!(
                    "server_name: node-{node}\nlisten: \"127.0.0.1:{port}\"\n\
                     server_tags: [\"sync_interval:always\"]\n\
                     jetstream {{ store_dir: {data:?}, sync_interval: always }}\n\
                     cluster {{ name: tests, listen: \"127.0.0.1:{route}\", routes: [{all_routes}] }}\n"
                );
                let path = directory.path().join(format!("node-{node}.conf"));
                std::fs::write(&path, configuration).unwrap();
                let mut command = Command::new("sh");
                command.arg("-c").arg(UNTIL_THE_TESTS_END).arg(&server).arg(&path);
                command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        let nodes = nodes.into_iter().map(|mut node| {
            ready(node.stderr.take().unwrap());
            node
        });
        Self { ports: ports.to_vec(), _nodes: nodes.collect(), _directory: directory }
    }

    fn urls(&self) -> String {
        let servers: Vec<_> = self.ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("nats://{}", servers.join(","))
    }
}

/// Waits until a server says that it is ready, and reads on so that it never waits for its reader.
fn ready(stderr: ChildStderr) {
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let mut said = String::new();
    for line in lines.by_ref() {
        if line.contains("Server is ready") {
            std::thread::spawn(move || lines.for_each(drop));
            return;
        }
        said.push_str(&line);
        said.push('\n');
    }
    panic!("the server ended:\n{said}");
}
