//! The configuration of a node, as `nats-server` reads it. Its paths are relative to the folder of the node, so that the
//! directory can be moved.

use uuid::Uuid;

use super::ports::NodePorts;
use super::{NAMES, NODES};

/// What the names of such clusters begin with.
const DEVELOPMENT: &str = "development-";

/// A tag that says so to clients, which do not see the option itself.
const SYNCED: &str = "sync_interval:always";

/// The process id of the node, in its folder, which the server writes.
pub(super) const PROCESS_ID: &str = "pid";

/// What the node says about itself, in its folder. Of longer logs the last two parts are kept.
pub(super) const LOG: &str = "server.log";

const CLUSTER: &str = "name: ";
const CLIENT: &str = "listen: 127.0.0.1:";
const MONITOR: &str = "http: 127.0.0.1:";

/// A name for a new cluster, which each node tells its clients. They know by it a log that they have seen: no two are the
/// same.
pub(super) fn new_name() -> String {
    let id = Uuid::new_v4().simple().to_string();
    format!("{DEVELOPMENT}{}", &id[..12])
}

/// The configuration of a node.
pub(super) fn configuration(node: usize, cluster: &str, all: &[NodePorts; NODES]) -> String {
    let NodePorts { client, route, monitor } = all[node];
    let routes: Vec<_> = all.iter().map(|ports| format!("nats://127.0.0.1:{}", ports.route)).collect();
    format!(
        "# Written by --dev-cluster at each start: what is changed here is lost.
server_name: {name}
{CLIENT}{client}
{MONITOR}{monitor}
pid_file: \"{PROCESS_ID}\"
log_file: \"{LOG}\"
logfile_size_limit: 8MB
logfile_max_num: 2
server_tags: [\"{SYNCED}\"]

jetstream {{
    store_dir: \".\"
    # What is acknowledged is on the disk. By default it is there within two minutes.
    sync_interval: always
}}

cluster {{
    {CLUSTER}{cluster}
    {CLIENT}{route}
    routes: [{routes}]
}}
",
        name = NAMES[node],
        routes = routes.join(", "),
    )
}

/// The name that a configuration gives the cluster.
pub(super) fn cluster_in(configuration: &str) -> Option<String> {
    let mut lines = configuration.lines().map(str::trim);
    lines.find_map(|line| line.strip_prefix(CLUSTER)).filter(|name| name.starts_with(DEVELOPMENT)).map(str::to_owned)
}

/// The ports that a configuration gives the node.
pub(super) fn ports_in(configuration: &str) -> Option<NodePorts> {
    let mut lines = configuration.lines().map(str::trim);
    let mut port = |before: &str| lines.find_map(|line| line.strip_prefix(before))?.parse().ok();
    Some(NodePorts { client: port(CLIENT)?, monitor: port(MONITOR)?, route: port(CLIENT)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_and_the_ports_of_a_configuration_are_found_again() {
        let ports = [1, 4, 7].map(|first| NodePorts { client: first, route: first + 1, monitor: first + 2 });
        let name = new_name();
        assert_ne!(name, new_name());
        for (node, ports_of_one) in ports.iter().enumerate() {
            let configuration = configuration(node, &name, &ports);
            assert_eq!(ports_in(&configuration), Some(*ports_of_one));
            assert_eq!(cluster_in(&configuration), Some(name.clone()));
        }
        assert_eq!(cluster_in("name: another"), None);
        assert_eq!(ports_in("listen: 127.0.0.1:4222\nhttp: 127.0.0.1:many\n"), None);
    }
}
