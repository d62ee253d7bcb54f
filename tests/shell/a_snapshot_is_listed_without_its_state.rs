//! `Bank.snapshots` lists which events of an account have a snapshot, in memory as in a file, and never what is in it.

use crate::program::run;

const PIN: &str = "86420975";

fn listed(store: &str, flags: &[&str], query: &str) -> String {
    let deposits = "Bank.deposit 1, 1\n".repeat(520);
    let script = format!("Bank.open {store}\nBank.create 1, \"Josh\", {PIN}\nBank.create 2\n{deposits}{query}");
    let flags = [&["--quiet", "--seed", "1"], flags].concat();
    let finished = run(&flags, script);
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    // What comes before are a reply for each line.
    finished.stdout.lines().skip(523).map(|line| format!("{line}\n")).collect()
}

#[test]
fn each_is_shown_with_the_event_that_it_follows() {
    let directory = tempfile::tempdir().unwrap();
    let file = format!("{:?}", directory.path().join("bank.db"));
    for store in ["", &file] {
        let query = "Bank.snapshots 1\nBank.snapshots 1, from: 258\nBank.snapshots 1, limit: 1\nBank.snapshots 2";
        assert_eq!(
            listed(store, &[], query),
            "position  version  time\n     \
             257      256  2026-01-01T00:00:01.514000Z\n     \
             513      512  2026-01-01T00:00:02.026000Z\n\
             position  version  time\n     \
             513      512  2026-01-01T00:00:02.026000Z\n\
             position  version  time\n     \
             513      512  2026-01-01T00:00:02.026000Z\n\
             1 earlier snapshot is not shown: `Bank.snapshots 1, from: 1, limit: 1` begins with the first.\n\
             position  version  time\n"
        );
    }
}

#[test]
fn the_verifier_of_a_pin_is_not_shown() {
    let object = listed("", &["--json"], "Bank.snapshots 1, from: 1, limit: 1");
    assert_eq!(
        object,
        "{\"statement\":\"Bank.snapshots 1, from: 1, limit: 1\",\
         \"reply\":[{\"position\":257,\"version\":256,\"time\":\"2026-01-01T00:00:01.514000Z\"}],\
         \"notes\":[\"Later snapshots are not shown: `Bank.snapshots 1, from: 513, limit: 1` goes on.\"],\"events\":[],\"trace\":[]}\n"
    );
}
