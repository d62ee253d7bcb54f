//! `Bank.cluster` shows which node leads, and which are behind since when; `Bank.verify` compares the replica with the log.

use std::time::Instant;

use async_nats::client::RequestErrorKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::case::Case;
use crate::clients::Client;
use crate::nodes::{Cluster, HANG, until};
use crate::programs::{closed_program, program};

/// Each node with its state, by name, as soon as they are as expected.
fn wait_for(program: &mut Client, expected: &[(&str, &str)]) -> Value {
    let mut last = Value::Null;
    until(&format!("{expected:?}"), || {
        last = program.reply("Bank.cluster");
        let rows = last.as_array()?;
        let mut states: Vec<_> =
            rows.iter().map(|row| (row["node"].as_str().unwrap(), row["state"].as_str().unwrap())).collect();
        states.sort_unstable();
        (states == expected).then_some(())
    });
    last
}

fn all_well(leader: usize) -> Vec<(&'static str, &'static str)> {
    let of = |node| if node == leader { "leader" } else { "current" };
    ["n1", "n2", "n3"].into_iter().enumerate().map(|(node, name)| (name, of(node))).collect()
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_is_gone_is_behind() {
    let (cluster, directory) = (Case::alone(), tempfile::tempdir().unwrap());
    let name = cluster.stream_name();
    let mut bank = program(&cluster, &name, directory.path(), ", create: true");
    bank.reply("Bank.create \"A\"");
    let leader = cluster.leader_of(&name);
    let rows = wait_for(&mut bank, &all_well(leader));
    // The leader comes first, and hears itself at any time.
    assert_eq!(rows[0], json!({"node": format!("n{}", leader + 1), "state": "leader", "behind": 0, "heard": null}));
    assert_eq!(rows[1]["behind"], 0);

    let follower = (leader + 1) % 3;
    cluster.nodes[follower].kill();
    for number in 1..=5 {
        assert_eq!(bank.reply(&format!("Bank.deposit \"A\", {number}")), json!("ok"));
    }
    let gone = format!("n{}", follower + 1);
    let heard = until("it is missed", || {
        let rows = bank.reply("Bank.cluster");
        let row = rows.as_array()?.iter().find(|row| row["node"] == *gone)?.clone();
        let is_missed = row["state"] != "current" && row["behind"].as_u64()? >= 5;
        is_missed.then(|| row["heard"].as_str().unwrap().to_owned())
    });
    assert!(heard.ends_with('Z'), "{heard}");
    // The others go on as before.
    let rows = bank.reply("Bank.cluster");
    assert_eq!(rows.as_array().unwrap().iter().filter(|row| row["state"] == "current").count(), 1, "{rows}");
    cluster.heal();
    wait_for(&mut bank, &all_well(cluster.leader_of(&name)));
    assert!(bank.leave().is_well());
}

#[test]
#[ignore = "needs nats-server"]
fn without_a_leader_nobody_says_anything() {
    let (cluster, directory) = (Case::alone(), tempfile::tempdir().unwrap());
    let name = cluster.stream_name();
    let mut bank = program(&cluster, &name, directory.path(), ", create: true");
    bank.reply("Bank.create \"A\"");
    let leader = cluster.leader_of(&name);
    cluster.nodes[leader].kill();
    cluster.nodes[(leader + 1) % 3].kill();
    let begun = Instant::now();
    assert_eq!(bank.reply("Bank.cluster"), json!({"error": "unavailable"}));
    assert!(begun.elapsed() < HANG / 4, "{:?}", begun.elapsed());
    cluster.heal();
    wait_for(&mut bank, &all_well(cluster.leader_of(&name)));
    assert!(bank.leave().is_well());
}

#[test]
#[ignore = "needs nats-server"]
fn a_bank_elsewhere_has_no_nodes() {
    let directory = tempfile::tempdir().unwrap();
    let mut bank = closed_program(directory.path());
    bank.reply("Bank.open");
    assert_eq!(bank.reply("Bank.cluster"), json!({"error": "not_on_a_cluster"}));
    assert!(bank.leave().is_well());
}

#[test]
#[ignore = "needs nats-server"]
fn a_log_that_was_changed_is_told_from_its_replica() {
    let (cluster, directory) = (Case::with_others(), tempfile::tempdir().unwrap());
    let name = cluster.stream_name();
    let mut bank = program(&cluster, &name, directory.path(), ", create: true");
    bank.reply("Bank.create \"A\"");
    for number in [100, 200, 300] {
        assert_eq!(bank.reply(&format!("Bank.deposit \"A\", {number}")), json!("ok"));
    }
    assert_eq!(bank.reply("Bank.verify"), json!({"ok": {"events": 4, "streams": 1, "snapshots": 0}}));
    assert!(bank.leave().is_well());
    change(&cluster, &name, "\"amount\":200", "\"amount\":900");
    // The end is what it was, so that the bank opens.
    let mut bank = program(&cluster, &name, directory.path(), "");
    let reply = bank.reply("Bank.verify");
    assert_eq!(reply["error"]["position"], 3, "{reply}");
    let problem = reply["error"]["problem"].as_str().unwrap();
    assert!(problem.ends_with(&format!("{name} has another event here than its replica")), "{problem}");
    bank.leave();
}

/// Puts the messages of a log into a new one of the same name, with something else, as long, in one of them.
fn change(cluster: &Cluster, name: &str, old: &str, new: &str) {
    let info = cluster.ask(&format!("$JS.API.STREAM.INFO.{name}"), &json!({}));
    let last = info["state"]["last_seq"].as_u64().unwrap();
    let messages: Vec<_> = (1..=last)
        .map(|sequence| {
            let got = cluster.ask(&format!("$JS.API.STREAM.MSG.GET.{name}"), &json!({"seq": sequence}));
            STANDARD.decode(got["message"]["data"].as_str().unwrap()).unwrap()
        })
        .collect();
    let place = |message: &[u8]| message.windows(old.len()).position(|bytes| bytes == old.as_bytes());
    assert_eq!(messages.iter().filter(|message| place(message).is_some()).count(), 1);
    cluster.ask(&format!("$JS.API.STREAM.DELETE.{name}"), &json!({}));
    cluster.make(&info["config"]);
    let client = format!("nats://127.0.0.1:{}", cluster.client_port(0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(client).await.unwrap();
        for mut message in messages {
            if let Some(start) = place(&message) {
                message[start..start + old.len()].copy_from_slice(new.as_bytes());
            }
            let payload = Bytes::from(message);
            // The connected node may not have heard of the leader yet.
            let begun = Instant::now();
            let answer = loop {
                match client.request(format!("{name}.log"), payload.clone()).await {
                    Err(error) if error.kind() == RequestErrorKind::NoResponders && begun.elapsed() < HANG => {
                        tokio::task::yield_now().await;
                    }
                    answer => break answer.unwrap(),
                }
            };
            assert!(String::from_utf8_lossy(&answer.payload).contains("\"seq\":"), "{answer:?}");
        }
    });
}
