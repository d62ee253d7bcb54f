//! What is held, broken or forked in one program on a cluster is so in that program alone. Others notice what they wait for.

use serde_json::json;

use crate::case::Case;
use crate::nodes::until;
use crate::programs::program;

#[test]
#[ignore = "needs nats-server"]
fn others_go_on() {
    let (cluster, directory) = (Case::with_others(), tempfile::tempdir().unwrap());
    let name = cluster.stream_name();
    let mut one = program(&cluster, &name, &directory.path().join("one"), ", create: true");
    let mut other = program(&cluster, &name, &directory.path().join("other"), "");
    for statement in ["Bank.create \"A\"", "Bank.create \"B\"", "Bank.deposit \"A\", 100"] {
        assert_eq!(one.reply(statement), json!("ok"), "{statement}");
    }

    // A process manager runs in one program, whoever sends what it answers.
    assert_eq!(other.reply("Bank.hold \"transfer\""), json!({"error": "not_running"}));
    assert_eq!(one.reply("Bank.hold \"transfer\""), json!("ok"));
    other.say("Bank.transfer \"A\", \"B\", 10");
    until("the transfer waits to be answered", || (one.reply("Bank.hold")[0]["behind"] == 1).then_some(()));
    assert_eq!(one.reply("Bank.check_balance \"B\""), json!(0));
    assert_eq!(one.reply("Bank.release \"transfer\""), json!("ok"));
    assert_eq!(other.reply_heard(), json!("ok"));
    assert_eq!(other.reply("Bank.check_balance \"B\""), json!(10));

    // A projection runs in each.
    assert_eq!(other.reply("Bank.hold \"balances\""), json!("ok"));
    assert_eq!(one.reply("Bank.hold"), json!([]));
    assert_eq!(one.reply("Bank.deposit \"A\", 1"), json!("ok"));
    assert_eq!(one.reply("Bank.check_balance \"A\""), json!(91));
    assert_eq!(other.reply("Bank.check_balance \"A\""), json!(90));
    assert_eq!(other.reply("Bank.release \"balances\""), json!("ok"));
    assert_eq!(other.reply("Bank.check_balance \"A\""), json!(91));

    // So does the event store.
    assert_eq!(other.reply("Bank.break \"event store\", :disk_full"), json!("ok"));
    assert_eq!(other.reply("Bank.deposit \"A\", 1"), json!({"error": "store_failed"}));
    assert_eq!(one.reply("Bank.breaks"), json!([]));
    assert_eq!(one.reply("Bank.deposit \"A\", 1"), json!("ok"));
    assert_eq!(other.reply("Bank.mend"), json!("ok"));
    assert_eq!(other.reply("Bank.deposit \"A\", 1"), json!("ok"));

    // A fork is in memory.
    assert_eq!(other.reply("Bank.fork \"what if\""), json!({"ok": "#Fork<what if at 9>"}));
    assert_eq!(other.reply("Bank.deposit \"A\", 1000"), json!("ok"));
    assert_eq!(one.reply("Bank.deposit \"A\", 7"), json!("ok"));
    assert_eq!(other.reply("Bank.check_balance \"A\""), json!(1_093));
    assert_eq!(one.reply("Bank.check_balance \"A\""), json!(100));
    assert_eq!(other.reply("Bank.switch \"main\""), json!("ok"));
    assert_eq!(other.reply("Bank.check_balance \"A\""), json!(100));
    let verified = json!({"ok": {"events": 10, "streams": 2, "snapshots": 0}});
    for mut program in [one, other] {
        assert_eq!(program.reply("Bank.verify"), verified);
        assert!(program.leave().is_well());
    }
}
