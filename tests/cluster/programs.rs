//! The program `bank`, each time as on a machine of its own.

use std::fs;
use std::path::Path;

use crate::clients::Client;
use crate::nodes::Cluster;
use crate::program::bank;

/// The URL of a bank on the cluster.
pub(crate) fn url(cluster: &Cluster, name: &str) -> String {
    format!("nats://{}/{name}", cluster.servers())
}

/// The program, which keeps its replica and what it has seen in `state`.
pub(crate) fn closed_program(state: &Path) -> Client {
    fs::create_dir_all(state).unwrap();
    let mut command = bank(&["--json"]);
    command.env("XDG_STATE_HOME", state);
    Client::start(command)
}

/// The program with a bank open, with these options.
pub(crate) fn program(cluster: &Cluster, name: &str, state: &Path, options: &str) -> Client {
    let mut program = closed_program(state);
    let reply = program.reply(&format!("Bank.open {:?}{options}", url(cluster, name)));
    assert!(reply.get("ok").is_some(), "{reply}");
    program
}
