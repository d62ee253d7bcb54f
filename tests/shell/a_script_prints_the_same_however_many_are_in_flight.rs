//! How many commands of a script are in flight makes no difference to what is printed and stored, to the byte.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

use crate::program::{Finished, bank, run, run_command, wait, without_times};

/// A few accounts, one of them the bonus account and one that does not exist.
fn account() -> impl Strategy<Value = &'static str> {
    select(vec!["\"Wolfman\"", "\"Dracula\"", "\"CEO\"", "1", "\"Nobody\""])
}

/// Some earn a bonus, some do not, some are no amounts, and some are too many for any balance.
fn amount() -> impl Strategy<Value = i64> {
    select(vec![1, 5, 40, 99, 100, 250, 1_000, 0, -5, 999_999_999_999_999, 2_000_000_000_000_000])
}

/// Mostly statements that may be sent ahead, and between them those that may not. The bank is never opened without its
/// handlers: they would catch up later, while other statements run.
fn statement() -> impl Strategy<Value = String> {
    let others = vec![
        "Bank.create \"Josh\", \"Josh\", 1234",
        "Bank.create 1, \"One\", email: \"one@example.org\"",
        "Bank.create \"Wolfman\"",
        "Bank.create \"\"",
        "Bank.deposit \"Josh\", 20",
        "Bank.withdraw \"Josh\", 5, 1234",
        "Bank.withdraw \"Josh\", 5, 4321",
        "Bank.withdraw \"Josh\", 5",
        "Bank.unlock \"Josh\"",
        "Bank.deposit 1, 7, memo: \"Salary\", on: \"2025-12-31\"",
        "Bank.withdraw \"Wolfman\", 3, memo: \"Bread\"",
        "Bank.deposit \"Wolfman\", 3, on: \"2999-01-01\"",
        "Bank.reverse 5",
        "Bank.total_deposits",
        "Bank.get_account_list",
        "Bank.events limit: 20",
        "Bank.verify",
        "help Bank.deposit",
        "Bank.depsit 1, 5",
        "Bank.deposit \"Wolfman\"",
        "Bank.deposit \"Wolfman\", 5.5",
        "Bank.close; Bank.open ceo_bonus: \"CEO\", email: \"outbox/\"",
        "Bank.close",
        "# nothing",
    ];
    prop_oneof![
        12 => (account(), amount()).prop_map(|(account, amount)| format!("Bank.deposit {account}, {amount}")),
        8 => (account(), amount()).prop_map(|(account, amount)| format!("Bank.withdraw {account}, {amount}")),
        3 => account().prop_map(|account| format!("Bank.create {account}")),
        2 => (account(), account(), amount()).prop_map(|(payer, payee, amount)| {
            format!("Bank.transfer {payer}, {payee}, {amount}")
        }),
        1 => account().prop_map(|account| format!("Bank.check_balance {account}")),
        1 => account().prop_map(|account| format!("Bank.statement {account}")),
        3 => select(others).prop_map(str::to_owned),
    ]
}

fn script() -> impl Strategy<Value = String> {
    let separated = (statement(), select(vec!["\n", "\n", "; "]));
    prop::collection::vec(separated, 1..300).prop_map(|statements| {
        let beginning =
            "Bank.open ceo_bonus: \"CEO\", email: \"outbox/\"\nBank.create \"CEO\"\nBank.create \"Dracula\"\n";
        let rest: String = statements.into_iter().map(|(statement, separator)| statement + separator).collect();
        format!("{beginning}{rest}\nBank.events\n")
    })
}

/// What a run has printed, and what it has left in its directory.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    finished: Finished,
    /// The log, exported, if it was kept in a file.
    log: Option<String>,
    e_mails: Vec<String>,
}

fn run_in_flight(in_flight: &str, flags: &[&str], script: &str, in_a_file: bool) -> Left {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("outbox")).unwrap();
    let store = if in_a_file { &["--store", "bank.db"][..] } else { &[] };
    let in_directory = |arguments: &[&str]| {
        let mut command = bank(arguments);
        command.current_dir(&directory);
        command
    };
    let arguments = [&["--in-flight", in_flight, "--seed", "5"], store, flags].concat();
    let finished = run_command(in_directory(&arguments), script);
    let log = in_a_file.then(|| {
        let exported = run_command(in_directory(&["-c", "Bank.open \"bank.db\"; Bank.export \"log\""]), "");
        assert_eq!(exported.exit_code, Some(0), "{exported:?}");
        fs::read_to_string(directory.path().join("log")).unwrap()
    });
    Left { finished, log, e_mails: e_mails(&directory.path().join("outbox")) }
}

fn e_mails(outbox: &Path) -> Vec<String> {
    let mut e_mails: Vec<_> =
        fs::read_dir(outbox).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    e_mails.sort();
    e_mails
}

/// Output and errors by way of one pipe, so that their order shows.
fn run_into_one_pipe(in_flight: &str, script: &Path) -> String {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command: Command =
        bank(&["--in-flight", in_flight, "--seed", "5", "--keep-going", script.to_str().unwrap()]);
    command.current_dir(script.parent().unwrap()).stdout(writer.try_clone().unwrap()).stderr(writer);
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    drop(command);
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    wait(child);
    without_times(&printed)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_memory_and_in_a_file(script in script(), many in select(vec!["2", "7", "256"]), in_a_file: bool) {
        for flags in [&[][..], &["--quiet", "--keep-going"], &["--keep-going", "--echo"], &["--keep-going", "--json"]] {
            let one = run_in_flight("1", flags, &script, in_a_file);
            let many = run_in_flight(many, flags, &script, in_a_file);
            prop_assert!(one == many, "{flags:?}\n{script}\n{one:#?}\n{many:#?}");
        }
    }

    #[test]
    fn with_the_log_among_the_replies(script in script()) {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("outbox")).unwrap();
        let path = directory.path().join("script.bank");
        fs::write(&path, &script).unwrap();
        let (one, many) = (run_into_one_pipe("1", &path), run_into_one_pipe("256", &path));
        prop_assert_eq!(one, many, "{}", script);
    }
}

#[test]
fn nothing_behind_a_mistake_is_sent() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("bank.db");
    let script = format!(
        "Bank.open {path:?}\nBank.create \"Wolfman\"\n{}Bank.depsit \"Wolfman\", 1\n{}",
        "Bank.deposit \"Wolfman\", 1\n".repeat(100),
        "Bank.deposit \"Wolfman\", 1\n".repeat(100)
    );
    let finished = run(&["--quiet"], script);
    assert_eq!((finished.stdout.lines().count(), finished.exit_code), (102, Some(3)));
    let asked = run(&["--quiet"], format!("Bank.open {path:?}\nBank.check_balance \"Wolfman\""));
    assert_eq!(asked.stdout.lines().last(), Some("100"));
}

#[test]
fn the_number_is_checked() {
    let finished = run(&["--in-flight", "257"], "");
    assert_eq!(finished.exit_code, Some(2));
    assert!(finished.stderr.contains("from 1 to 256"), "{}", finished.stderr);
}
