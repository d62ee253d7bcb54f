//! Nodes that end, hang or are cut off take nothing with them, and find back to the others.

use std::time::Duration;

use serde_json::json;

use crate::case::Case;
use crate::nodes::{Cluster, Condition};

/// A stream with three messages, and who leads it.
fn begun(cluster: &Case) -> (String, usize) {
    let stream = cluster.stream_name();
    cluster.make_stream(&stream);
    for number in 1..=3 {
        assert_eq!(cluster.publish(&stream, &json!(number)), number);
    }
    let leader = cluster.leader_of(&stream);
    (stream, leader)
}

/// What an answer is unknown of may be there twice: messages are counted from here on.
fn goes_on(cluster: &Cluster, stream: &str) -> u64 {
    let reached = cluster.publish(stream, &json!("after"));
    assert!(reached > 3, "{reached}: nothing is lost");
    reached
}

#[test]
#[ignore = "needs nats-server"]
fn three_nodes_have_one_leader_and_three_replicas() {
    let cluster = Case::with_others();
    let (stream, leader) = begun(&cluster);
    cluster.wait_for_replicas(&stream, 3);
    for node in &cluster.nodes {
        assert_eq!(node.leader_of(&stream), Some(format!("n{}", leader + 1)));
    }
}

#[test]
#[ignore = "needs nats-server"]
fn a_leader_that_is_killed_is_replaced() {
    let cluster = Case::alone();
    let (stream, leader) = begun(&cluster);
    cluster.nodes[leader].kill();
    let others = [(leader + 1) % 3, (leader + 2) % 3];
    assert_ne!(cluster.leader_among(&others, &stream), leader);
    let last = goes_on(&cluster, &stream);
    cluster.nodes[leader].start();
    cluster.wait_for_replicas(&stream, last);
}

#[test]
#[ignore = "needs nats-server"]
fn a_leader_that_hangs_is_replaced() {
    let cluster = Case::alone();
    let (stream, leader) = begun(&cluster);
    cluster.nodes[leader].suspend();
    let others = [(leader + 1) % 3, (leader + 2) % 3];
    cluster.leader_among(&others, &stream);
    let last = goes_on(&cluster, &stream);
    cluster.nodes[leader].resume();
    cluster.wait_for_replicas(&stream, last);
}

#[test]
#[ignore = "needs nats-server"]
fn a_leader_that_is_cut_off_is_replaced() {
    let cluster = Case::alone();
    for condition in [Condition::Cut, Condition::Held] {
        let (stream, leader) = begun(&cluster);
        cluster.apart(leader, condition);
        let others = [(leader + 1) % 3, (leader + 2) % 3];
        cluster.leader_among(&others, &stream);
        let last = goes_on(&cluster, &stream);
        cluster.heal();
        cluster.wait_for_replicas(&stream, last);
    }
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_is_asked_to_end_hands_over_first() {
    let cluster = Case::alone();
    let (stream, leader) = begun(&cluster);
    cluster.nodes[leader].stop();
    let last = goes_on(&cluster, &stream);
    cluster.nodes[leader].start();
    cluster.wait_for_replicas(&stream, last);

    let leader = cluster.leader_of(&stream);
    cluster.nodes[leader].lame_duck();
    let last = goes_on(&cluster, &stream).max(last + 1);
    cluster.nodes[leader].wait_for_end();
    cluster.nodes[leader].start();
    cluster.wait_for_replicas(&stream, last);
}

#[test]
#[ignore = "needs nats-server"]
fn all_may_be_killed_at_once() {
    let cluster = Case::alone();
    let (stream, _) = begun(&cluster);
    cluster.nodes.iter().for_each(|node| node.kill());
    cluster.nodes.iter().for_each(|node| node.start());
    cluster.wait_until_well();
    cluster.leader_of(&stream);
    cluster.wait_for_replicas(&stream, 3);
    assert_eq!(goes_on(&cluster, &stream), 4);
}

#[test]
#[ignore = "needs nats-server"]
fn a_slow_network_makes_a_commit_slow() {
    let cluster = Case::alone();
    let (stream, leader) = begun(&cluster);
    let delay = Duration::from_millis(50);
    cluster.delay_between_nodes(delay);
    let start = std::time::Instant::now();
    let reached = crate::nats_server::request(cluster.client_port(leader), &format!("{stream}.event"), &json!(4));
    assert_eq!(reached["seq"], json!(4), "{reached}");
    assert!(start.elapsed() >= delay * 2, "a follower has it: {:?}", start.elapsed());
}
