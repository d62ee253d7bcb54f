//! One node that has lost its files, or part of them, gets from the others what it lacks.

use serde_json::json;

use crate::nodes::{Case, Node};

const MESSAGES: u64 = 200;

/// Damages the files of a follower while it does not run.
fn heals_from(damage: impl Fn(&Node, &str)) {
    let cluster = Case::alone();
    let stream = cluster.stream_name();
    cluster.make_stream(&stream);
    for number in 1..=MESSAGES {
        cluster.publish(&stream, &json!(format!("number {number}")));
    }
    cluster.wait_for_replicas(&stream, MESSAGES);
    let node = &cluster.nodes[(cluster.leader_of(&stream) + 1) % 3];
    node.stop();
    damage(node, &stream);
    node.start();
    cluster.wait_until_well();
    cluster.wait_for_replicas(&stream, MESSAGES);
    assert_eq!(cluster.publish(&stream, &json!("after")), MESSAGES + 1);
    cluster.wait_for_replicas(&stream, MESSAGES + 1);
    let counted = cluster.nodes.each_ref().map(|node| node.stream(&stream).unwrap()["state"]["messages"].clone());
    assert_eq!(counted, [json!(MESSAGES + 1), json!(MESSAGES + 1), json!(MESSAGES + 1)]);
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_lost_everything_has_it_again() {
    heals_from(|node, _| node.wipe());
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_lost_the_end_has_it_again() {
    heals_from(|node, stream| node.cut(stream, 50));
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_lost_the_whole_stream_has_it_again() {
    heals_from(|node, stream| node.cut(stream, 0));
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_with_an_old_copy_catches_up() {
    let cluster = Case::alone();
    let stream = cluster.stream_name();
    cluster.make_stream(&stream);
    let node = &cluster.nodes[(cluster.leader_of(&stream) + 1) % 3];
    cluster.publish(&stream, &json!(1));
    cluster.wait_for_replicas(&stream, 1);
    node.stop();
    node.copy();
    node.start();
    cluster.wait_until_well();
    for number in 2..=MESSAGES {
        cluster.publish(&stream, &json!(number));
    }
    cluster.wait_for_replicas(&stream, MESSAGES);
    node.stop();
    node.restore_copy();
    node.start();
    cluster.wait_for_replicas(&stream, MESSAGES);
}

#[test]
#[ignore = "needs nats-server"]
fn a_bit_that_has_turned_is_noticed_by_the_node() {
    heals_from(|node, stream| node.flip(stream, "number 100"));
}
