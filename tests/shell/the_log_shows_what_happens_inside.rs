//! `RUST_LOG=debug` shows how a command is carried out: what is loaded, batched, committed and acknowledged, each with the
//! conversation that it belongs to.

use crate::program::{bank, run_command};

fn log(filter: &str, store: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let mut command = bank(&["--quiet", "--seed", "1"]);
    command.current_dir(&directory).env("RUST_LOG", filter);
    let script = format!("Bank.open {store}\nBank.create 1\nBank.create 2\nBank.deposit 1, 5\nBank.transfer 1, 2, 5\n");
    run_command(command, script).stderr
}

#[test]
fn each_step_of_a_command_is_there_with_its_conversation() {
    for store in ["", "\"bank.db\""] {
        let log = log("debug", store);
        let conversation = {
            let transfer = log.lines().find(|line| line.contains("command{title=\"Transfer Money\"")).expect(&log);
            let id = transfer.split("correlation_id=").nth(1).unwrap();
            id.split(['}', ' ', ',']).next().unwrap().to_owned()
        };
        for step in [
            "decided events=1 version=",
            "batch commands=1 appends=1",
            "commit events=1 end=4",
            "checkpoint of the projections position=4",
            "checkpoint handler=\"transfer\" position=4",
        ] {
            assert!(log.lines().any(|line| line.contains("[debug] ") && line.contains(step)), "{step} in\n{log}");
        }
        let loaded = "loaded stream=account-2 version=0";
        let is_in_span = |line: &str| line.contains("command{title=\"") && line.contains(loaded);
        assert!(log.lines().any(is_in_span), "{log}");
        let of_the_transfer = log.lines().filter(|line| line.contains(&conversation));
        for step in ["commit ", "checkpoint of the projections ", "checkpoint handler="] {
            assert!(of_the_transfer.clone().any(|line| line.contains(step)), "{step} of {conversation} in\n{log}");
        }
    }
}

#[test]
fn without_it_nothing_of_that_is_shown() {
    for filter in ["", "info", "warn"] {
        assert_eq!(log(filter, "\"bank.db\""), "", "{filter}");
    }
}
