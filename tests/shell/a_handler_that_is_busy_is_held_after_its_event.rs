//! A handler that is busy with an event for longer than a reply waits is held once it has dealt with that, and the reply says
//! that it is still busy.

use crate::program::run;

#[test]
fn the_reply_does_not_wait_for_ever() {
    let script = "Bank.open\nBank.create 1, deposit: 5; Bank.create 2\nBank.break \"transfer\", :delay, ms: 60_000\n\
                  Bank.transfer 1, 2, 5\nBank.hold \"transfer\"\nBank.mend\nBank.hold\nBank.check_balance 2\n";
    let finished = run(&["--quiet"], script);
    let expected = "{:ok, #Bank<memory>}\n:ok\n:ok\n:ok\n{:ok, %{committed: 4, lagging: [\"transfer\"]}}\n\
                    {:error, :still_busy}\n:ok\nhandler   held_at  behind\ntransfer        4       1\n5\n";
    assert_eq!((finished.stdout.as_str(), finished.exit_code), (expected, Some(0)), "{}", finished.stderr);
}
