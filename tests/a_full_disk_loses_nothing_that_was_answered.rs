//! When the disk is full the program says so and stops, what it had answered is in its file, and the bank goes on once
//! there is room.

mod accounts;
mod load;
mod support;

use std::path::Path;
use std::process::Command;

use crate::load::audit::{audit, settled_balances, verified_log};
use crate::load::shell::{Answers, Sent, Shell};
use crate::load::{Load, beginning};
use crate::support::{bank, run, run_command};

/// The program where no file can be larger than this. That stands for a disk that is full: a write beyond it fails,
/// whichever it is.
fn with_room_for(kibibytes: u64, arguments: &[&str]) -> Command {
    let program = bank(arguments);
    let mut command = Command::new("bash");
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"")]);
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn arguments(path: &Path) -> [&str; 3] {
    ["--json", "--store", path.to_str().unwrap()]
}

#[tokio::test]
async fn whatever_write_finds_no_room() {
    let (mut unopened, mut stopped) = (0, 0);
    for kibibytes in (0..320).step_by(8) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bank.db");
        let mut load = Load::new(kibibytes, 1, 1);
        let statements: Vec<_> = beginning().chain((0..1_000).map(|_| load.next())).collect();
        let script = statements.iter().fold("Bank.open\n".to_owned(), |script, next| format!("{script}{next}\n"));
        let finished = run_command(with_room_for(kibibytes, &arguments(&path)), script);
        assert_eq!(finished.exit_code, Some(1), "{kibibytes}: {finished:?}");

        let mut answers = finished.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let opened = answers.next().unwrap();
        let mut sent: Vec<_> = statements.into_iter().map(|statement| Sent { statement, answer: None }).collect();
        if let Some(reason) = opened["reply"].get("error") {
            unopened += 1;
            assert!(["store_failed", "disk_full"].contains(&reason.as_str().unwrap()), "{reason}");
            assert!(finished.stderr.contains(path.to_str().unwrap()), "{}", finished.stderr);
        } else {
            stopped += 1;
            let says_why = ["error: the outcome is unknown: SQLite: ", "error: the bank has stopped: task "];
            assert!(says_why.iter().any(|why| finished.stderr.contains(why)), "{}", finished.stderr);
            let mut not_done = 0;
            for (sent, answer) in sent.iter_mut().zip(answers) {
                assert_eq!(answer["statement"], sent.statement.to_string());
                let reply = &answer["reply"];
                if reply["ok"]["committed"].is_u64() {
                    // The reservation is stored, and who should go on with it could not.
                    assert!(answer["events"].as_array().is_some_and(|events| !events.is_empty()), "{answer}");
                } else if ["outcome_unknown", "store_failed", "bank_stopped"]
                    .iter()
                    .any(|&failed| reply["error"] == failed)
                {
                    not_done += 1;
                } else {
                    assert_eq!(not_done, 0, "{answer}");
                    sent.answer = Some(answer);
                }
            }
            assert!(not_done <= 1, "the program goes on although it stores nothing: {not_done} statements");
        }

        // There is room again.
        let balances = settled_balances(&path).await;
        let log = verified_log(&path).await;
        let settled = audit(&log, &[sent]);
        assert_eq!((settled.half_done, settled.balances), (0, balances));
        let afterwards =
            run(&["--quiet", "--store", path.to_str().unwrap()], "Bank.open\nBank.create \"afterwards\"\n");
        assert!(afterwards.stdout.ends_with("}\n:ok\n") && afterwards.exit_code == Some(0), "{afterwards:?}");
    }
    assert!(unopened > 0 && stopped > 10, "{unopened} were not opened, {stopped} stopped");
}

#[tokio::test]
async fn a_bank_opened_without_room_answers_what_it_knows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut shell = Shell::start(&path, Answers::Strong);
    beginning().for_each(|statement| shell.say(statement));
    let sent = [shell.leave().sent];
    let events = verified_log(&path).await.len();
    let script = "Bank.open\nBank.check_balance \"account 3\"\nBank.deposit \"account 3\", 1\n";
    for _ in 0..2 {
        let finished = run_command(with_room_for(40, &["--quiet", "--store", path.to_str().unwrap()]), script);
        let opened = format!("{{:ok, #Bank<sqlite:{}>}}", path.display());
        assert_eq!(finished.stdout, format!("{opened}\n1000000003\n{{:error, :outcome_unknown}}\n"));
        let why = "the outcome is unknown: SQLite: disk I/O error";
        assert!(finished.stderr.contains(&format!("error: {why}\n")), "{}", finished.stderr);
        assert_eq!(finished.exit_code, Some(1));
    }
    let log = verified_log(&path).await;
    audit(&log, &sent);
    assert_eq!(log.len(), events);
}
