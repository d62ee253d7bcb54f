//! A node that has lost its files gets everything from the others. One that has lost the end of a file does not.

use serde_json::json;

use crate::case::Case;
use crate::nodes::{Cluster, Node};

const MESSAGES: u64 = 200;

/// A stream with messages on all nodes, and one that follows.
fn begun(cluster: &Case) -> (String, &Node) {
    let stream = cluster.stream_name();
    cluster.make_stream(&stream);
    for number in 1..=MESSAGES {
        cluster.publish(&stream, &json!(format!("number {number}")));
    }
    cluster.wait_for_replicas(&stream, MESSAGES);
    let follower = &cluster.nodes[(cluster.leader_of(&stream) + 1) % 3];
    (stream, follower)
}

/// Does something to a node while it does not run.
fn without(node: &Node, damage: impl FnOnce(&Node)) {
    node.stop();
    damage(node);
    node.start();
}

/// How many messages each node has, once all of them say that they are well and have the same end.
fn counted(cluster: &Cluster, stream: &str, last: u64) -> [u64; 3] {
    cluster.wait_until_well();
    cluster.wait_for_replicas(stream, last);
    cluster.nodes.each_ref().map(|node| node.stream(stream).unwrap()["state"]["messages"].as_u64().unwrap())
}

/// Damages the files of a follower while it does not run.
fn heals_from(damage: impl Fn(&Node, &str)) {
    let cluster = Case::alone();
    let (stream, node) = begun(&cluster);
    without(node, |node| damage(node, &stream));
    assert_eq!(counted(&cluster, &stream, MESSAGES), [MESSAGES; 3]);
    assert_eq!(cluster.publish(&stream, &json!("after")), MESSAGES + 1);
    assert_eq!(counted(&cluster, &stream, MESSAGES + 1), [MESSAGES + 1; 3]);
}

/// It takes what comes next where the others have it, says that it is well, and lacks what was cut off: whoever reads from
/// it finds a gap. Without its files it gets everything.
fn heals_only_without_its_files(percent: u64) {
    let cluster = Case::alone();
    let (stream, node) = begun(&cluster);
    without(node, |node| node.cut(&stream, percent));
    cluster.publish(&stream, &json!("after"));
    let counted_before = counted(&cluster, &stream, MESSAGES + 1);
    assert!(counted_before[node.number] < MESSAGES, "{counted_before:?}");
    without(node, Node::wipe);
    assert_eq!(counted(&cluster, &stream, MESSAGES + 1), [MESSAGES + 1; 3]);
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_lost_everything_has_it_again() {
    heals_from(|node, _| node.wipe());
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_lost_the_end_of_a_file_does_not_notice() {
    heals_only_without_its_files(50);
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_lost_a_whole_file_does_not_notice() {
    heals_only_without_its_files(0);
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_with_an_old_copy_catches_up() {
    let cluster = Case::alone();
    let (stream, node) = begun(&cluster);
    without(node, Node::copy);
    cluster.wait_until_well();
    for _ in 0..MESSAGES {
        cluster.publish(&stream, &json!("later"));
    }
    cluster.wait_for_replicas(&stream, 2 * MESSAGES);
    without(node, Node::restore_copy);
    assert_eq!(counted(&cluster, &stream, 2 * MESSAGES), [2 * MESSAGES; 3]);
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_with_a_damaged_message_has_it_again() {
    heals_from(|node, stream| node.flip(stream, "number 100"));
}
