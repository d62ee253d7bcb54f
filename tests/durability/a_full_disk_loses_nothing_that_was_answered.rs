//! When the disk is full the program says so and stops, what it had answered is in its file, and the bank goes on once
//! there is room.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::files::Copy;
use crate::files::write_ahead_log::commit_ends;
use crate::load::audit::{Settled, audit, settled, verified_log};
use crate::load::shell::{Answers, Sent, Shell};
use crate::load::{Load, beginning};
use crate::program::{Finished, bank, run, run_command};
use crate::terminal::Terminal;

/// The program where no file can be larger than this. That stands for a disk that is full: a write beyond it fails,
/// whichever it is.
fn with_room_for(kibibytes: u64, arguments: &[&str]) -> Command {
    let program = bank(arguments);
    let mut command = Command::new("bash");
    command.args(["-c", &format!("ulimit -f {kibibytes}; exec \"$0\" \"$@\"")]);
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

/// A line says what happened, and where.
fn assert_says_why(finished: &Finished, path: &Path) {
    let why = ["the outcome is unknown", "the bank has stopped: the event store failed"];
    let why = why.map(|why| format!("error: {why}: {}: the disk is full", path.display()));
    assert!(why.iter().any(|why| finished.stderr.contains(why)), "{}", finished.stderr);
    assert!(!finished.stderr.contains("gave up") && !finished.stderr.contains("panicked"), "{}", finished.stderr);
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
            assert_eq!(reason, "disk_full", "{}", finished.stderr);
            assert!(finished.stderr.contains(path.to_str().unwrap()), "{}", finished.stderr);
        } else {
            stopped += 1;
            assert_says_why(&finished, &path);
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
            // The bank may stop right after a transfer has ended, before its events are read from the log: then the last
            // answer has the command's own event alone.
            let last = sent.iter_mut().rfind(|sent| sent.answer.is_some());
            if let Some(Sent { statement, answer: last @ Some(_) }) = last {
                let printed = last.as_ref().and_then(|answer| answer["events"].as_array()).map_or(0, Vec::len);
                last.take_if(|_| (1..statement.events().len()).contains(&printed));
            }
        }

        // There is room again.
        let Settled { log, balances } = settled(&path).await;
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
    while shell.unanswered() > 0 {
        shell.hear();
    }
    // A file that nobody has closed has a long write-ahead log.
    let sent = [shell.kill().sent];
    let elsewhere = directory.path().join("copy.db");
    Copy::of(&path).put_back(&elsewhere);
    let events = verified_log(&elsewhere).await.len();
    let script = "Bank.open\nBank.check_balance \"account 3\"\nBank.deposit \"account 3\", 1\n";
    for _ in 0..2 {
        let finished = run_command(with_room_for(40, &["--quiet", "--store", path.to_str().unwrap()]), script);
        let opened = format!("{{:ok, #Bank<sqlite:{}>}}", path.display());
        assert_eq!(finished.stdout, format!("{opened}\n1000000003\n{{:error, :outcome_unknown}}\n"));
        let why = format!("the outcome is unknown: {}: the disk is full", path.display());
        let go_on =
            format!("once that is repaired, `Bank.close` and `Bank.open \"{}\"` start it again", path.display());
        let (_, said) = finished.stderr.split_once(&format!("error: {why}; ")).expect(&finished.stderr);
        let how_to_find_out = "if the command was carried out, there are events of command ";
        assert!(said.starts_with(how_to_find_out) && said.contains(&format!("; {go_on}\n")), "{said}");
        assert_eq!(finished.exit_code, Some(1));
    }
    let log = verified_log(&path).await;
    audit(&log, &sent);
    assert_eq!(log.len(), events);
}

/// E-mails, transfers and bonuses write down how far they are between one command and the next.
#[test]
fn whatever_handler_finds_no_room() {
    let mut stopped = 0;
    for kibibytes in (36..260).step_by(12) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bank.db");
        let outbox = directory.path().join("outbox/");
        let open = format!("Bank.open {path:?}, ceo_bonus: \"CEO\", email: {outbox:?}\n");
        let mut script = open.clone() + "Bank.create \"CEO\"\nBank.create 1, \"Josh\", email: \"josh@example.org\"\n";
        for amount in 1_001..1_200 {
            script += &format!("Bank.deposit 1, {amount}\nBank.transfer 1, \"CEO\", 1\n");
        }
        let finished = run_command(with_room_for(kibibytes, &["--quiet"]), &script);
        assert_eq!(finished.exit_code, Some(1), "{kibibytes}: {finished:?}");
        if !finished.stdout.starts_with("{:ok, ") {
            continue;
        }
        stopped += 1;
        assert_says_why(&finished, &path);
        assert!(finished.stdout.matches("{:error, ").count() <= 1, "{finished:?}");

        // There is room again: what was begun is finished, each deposit has its bonus, and each its e-mail.
        let again =
            run(&["--quiet"], open.clone() + "Bank.close\n" + &open + "Bank.parked\nBank.verify\nBank.create 2\n");
        assert_eq!(again.exit_code, Some(0), "{again:?}");
        let replies: Vec<_> = again.stdout.lines().skip(3).collect();
        let [parked, verified, ":ok"] = replies[..] else { panic!("{again:?}") };
        assert_eq!(parked, "number  handler  position  event  attempts  time  reason");
        assert!(verified.starts_with("{:ok, "), "{verified}");
        let log = run(&["--quiet", "--json"], open + "Bank.events\nBank.transfers\n").stdout;
        let answers: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events = answers[1]["reply"].as_array().unwrap();
        let deposits = |account: &str| {
            let of_account = |event: &&serde_json::Value| {
                event["type"] == "money_deposited_into_bank_account" && event["data"]["account_id"] == account
            };
            events.iter().filter(of_account).count()
        };
        let e_mails = fs::read_dir(&outbox).map_or(0, Iterator::count);
        assert_eq!(e_mails, deposits("1"), "{kibibytes}");
        assert_eq!(deposits("CEO"), deposits("1"), "{kibibytes}");
        let transfers = answers[2]["reply"].as_array().unwrap();
        assert!(transfers.iter().all(|transfer| transfer["state"] == "settled"), "{transfers:?}");
    }
    assert!(stopped > 10, "{stopped}");
}

/// Sets how large files may become, for a program that runs.
fn set_room(terminal: &Terminal, bytes: &str) {
    let id = terminal.child.id().to_string();
    let set = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:unlimited")]).status().unwrap();
    assert!(set.success());
}

/// A message that has no room on one line goes on in the next.
fn on_one_line(screen: &vt100::Screen) -> String {
    screen.contents().replace('\n', " ")
}

#[test]
fn at_the_prompt_one_opens_the_bank_again_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    // The signal that comes with a limit is not one of a full disk.
    let terminal = Terminal::open_by("bash", &["-c", "trap '' XFSZ; exec \"$0\"", env!("CARGO_BIN_EXE_bank")]);
    let ask = |statement: &str, number: usize| {
        terminal.enter(statement);
        terminal.wait_for_statement(number);
    };
    let last = |lines: usize| terminal.lines().iter().rev().nth(lines).unwrap().clone();
    ask(&format!("Bank.open {path:?}"), 2);
    ask("Bank.create \"Wolfman\"", 3);
    ask("Bank.deposit \"Wolfman\", 100", 4);

    let full = commit_ends(&fs::read(format!("{}-wal", path.display())).unwrap()).pop().unwrap();
    set_room(&terminal, &full.to_string());
    let failed = format!("{}: the disk is full", path.display());
    let go_on = format!("; once that is repaired, `Bank.close` and `Bank.open {path:?}` start it again");
    ask("Bank.deposit \"Wolfman\", 7", 5);
    terminal.wait_until("the error", |screen| {
        let said = on_one_line(screen);
        said.contains("{:error, :outcome_unknown} ")
            && said.contains(&format!("error: the outcome is unknown: {failed}; if the command was carried out, "))
            && said.contains(&go_on)
            && said.contains(&format!("[error] stopped: the event store failed: {failed} "))
    });
    ask("Bank.check_balance \"Wolfman\"", 6);
    terminal.wait_until("the error again", |screen| {
        on_one_line(screen).contains(&format!("error: the bank has stopped: the event store failed: {failed}{go_on}"))
    });
    ask("Bank.close", 7);

    set_room(&terminal, "unlimited");
    ask(&format!("Bank.open {path:?}"), 8);
    ask("Bank.check_balance \"Wolfman\"", 9);
    assert_eq!(last(1), "100");
    ask("Bank.deposit \"Wolfman\", 7", 10);
    assert_eq!(last(1), ":ok");
    ask("Bank.verify", 11);
    assert_eq!(last(1), "{:ok, %{events: 3, streams: 1, snapshots: 0}}");
    terminal.enter("exit");
    assert_eq!(terminal.ended().0, Some(0));
}

#[test]
fn an_export_that_finds_no_room_is_none() {
    for deposits in [20, 200, 2_000] {
        let directory = tempfile::tempdir().unwrap();
        let exported = directory.path().join("events.jsonl");
        let mut script = "Bank.open\nBank.create 1\n".to_owned();
        script.push_str(&"Bank.deposit 1, 5\n".repeat(deposits));
        script.push_str(&format!("Bank.export {exported:?}\n"));
        let finished = run_command(with_room_for(1, &["--quiet"]), script);
        assert_eq!(finished.stdout.lines().last(), Some("{:error, :file_failed}"), "{deposits}: {}", finished.stderr);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0, "{deposits}");
    }
}
