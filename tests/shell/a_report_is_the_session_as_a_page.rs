//! `report` writes one file that shows what was typed, what happened, and how things were at every position; nothing that
//! stands in the data can be more than text there.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::page::Page;
use crate::program::{Finished, bank, example, run_command};

/// Runs statements in a directory.
fn run_in(directory: &TempDir, arguments: &[&str], script: &str) -> Finished {
    let mut command = bank(arguments);
    command.current_dir(directory);
    run_command(command, script)
}

fn report_of(directory: &TempDir, name: &str) -> Page {
    Page::read(&directory.path().join(name))
}

/// What the bank itself answers about a position: the balance of each account that there was.
fn balances_at(directory: &TempDir, accounts: &[&str], position: u64) -> BTreeMap<String, String> {
    let questions = accounts.iter().map(|account| format!("Bank.check_balance {account:?}, at: {position}\n"));
    let answers = run_in(directory, &["--quiet", "bank.db"], &questions.collect::<String>()).stdout;
    let answered = accounts.iter().zip(answers.lines()).filter(|(_, answer)| *answer != ":no_account");
    answered.map(|(account, answer)| ((*account).to_owned(), answer.to_owned())).collect()
}

/// A bank with decimals, a bonus, transfers there and back, a decline, a reversal, and an account that is closed.
const SCRIPT: &str = r#"
Bank.open "bank.db", currency: "EUR", ceo_bonus: "CEO"
Bank.create "CEO"
Bank.create "Wolfman", "Larry", 1234
Bank.create "Mummy"
Bank.deposit "Wolfman", 2000.50
Bank.withdraw "Wolfman", 100.25, 1234
Bank.withdraw "Wolfman", 1, 9999
Bank.withdraw "Mummy", 5
Bank.transfer "Wolfman", "Mummy", 0.75, 1234
Bank.transfer "Wolfman", "Nobody", 5, 1234
Bank.freeze "CEO"
Bank.withdraw "Mummy", 0.75
Bank.reverse 15
Bank.create "Gone"
Bank.close_account "Gone"
Bank.depsit 1
Bank.report "lesson.html"
"#;

#[test]
fn the_balances_at_each_position_are_those_of_the_bank() {
    let directory = tempfile::tempdir().unwrap();
    let finished = run_in(&directory, &["--quiet", "--keep-going", "--seed", "7"], SCRIPT);
    let page = report_of(&directory, "lesson.html");
    let last = page.events().len() as u64;
    assert!(last >= 15, "{finished:?}");
    assert_eq!(finished.stdout.lines().last(), Some(format!("{{:ok, %{{events: {last}}}}}").as_str()));
    assert_eq!(page.report["states"]["columns"], json!(["account", "balance"]));
    assert_eq!(page.states_at(0), BTreeMap::new());
    for position in 1..=last {
        let expected = balances_at(&directory, &["CEO", "Wolfman", "Mummy", "Nobody", "Gone"], position);
        assert_eq!(page.states_at(position), expected, "at {position}");
    }
    assert_eq!(page.states_at(last)["Gone"], "0.00");
    let positions: Vec<_> = page.events().iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=last).collect::<Vec<_>>());
    let deposit = page.events().iter().find(|event| event["title"] == "Money Deposited").unwrap();
    assert_eq!(deposit["quantity"], "2000.50");
}

#[test]
fn the_session_stands_there_with_its_pins_masked() {
    let directory = tempfile::tempdir().unwrap();
    run_in(&directory, &["--quiet", "--keep-going", "--seed", "7"], SCRIPT);
    let page = report_of(&directory, "lesson.html");
    let session = page.session();
    assert_eq!(session[2], ("Bank.create \"Wolfman\", \"Larry\", ****", ":ok"));
    assert!(session.contains(&("Bank.withdraw \"Wolfman\", 1, ****", ":ok")), "{session:?}");
    let refused = ("Bank.transfer \"Wolfman\", \"Nobody\", 5, ****", "{:error, :no_payee}");
    assert!(session.contains(&refused), "{session:?}");
    let (statement, answer) = session.last().unwrap();
    assert_eq!(*statement, "Bank.depsit 1");
    assert!(answer.starts_with("error: there is no function `Bank.depsit`"), "{answer}");
    assert_eq!(page.report["session"]["left_out"], 0);
    for hidden in ["1234", "9999", "argon2"] {
        assert!(!page.json.contains(hidden), "{hidden}");
    }
    let created = page.events().iter().find(|event| event["of"] == "Wolfman").unwrap();
    let fields = created["data"].as_array().unwrap();
    assert!(fields.contains(&json!(["pin_verifier", "\"****\""])), "{fields:?}");
}

#[test]
fn what_led_to_what_is_as_the_graph_shows_it() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
Bank.open
Bank.create "A", deposit: 9
Bank.create "B"
Bank.transfer "A", "B", 4
Bank.transfer "A", "C", 1
Bank.report "lesson.html"
"#;
    run_in(&directory, &["--quiet", "--seed", "7", "--user", "josh"], script);
    let page = report_of(&directory, "lesson.html");
    let commands = page.report["commands"].as_array().unwrap();
    let shown = |command: &Value| {
        let cause = [&command["answers"], &command["instead_of"]].map(Value::as_u64);
        (page.text_of(command), command["events"].clone(), cause)
    };
    let expected = [
        ("Create Account \"A\", asked for by \"josh\"", json!([1, 2]), [None, None]),
        ("Create Account \"B\", asked for by \"josh\"", json!([3]), [None, None]),
        ("Transfer Money \"A\", asked for by \"josh\"", json!([4]), [None, None]),
        ("transfer: Credit Transfer \"B\"", json!([5]), [Some(4), None]),
        ("transfer: Settle Transfer \"A\"", json!([6]), [Some(5), None]),
    ];
    let shown: Vec<_> = commands.iter().map(shown).collect();
    let expected = expected.map(|(text, events, cause)| (text.to_owned(), events, cause));
    assert_eq!(shown[..5], expected);
    let (released, _, cause) = shown.last().unwrap();
    assert!(released.starts_with("transfer: Release Transfer \"A\", as another command was refused"), "{released}");
    assert_eq!(*cause, [Some(7), None], "the log does not hold the command that was refused");

    // No id is there twice.
    let ids = |position: usize| {
        let event = &page.events()[position - 1];
        [&event["command_id"], &event["correlation_id"], &event["causation_id"]].map(Clone::clone)
    };
    assert_eq!(ids(2), [Value::Null, Value::Null, Value::Null], "of the same command as the event before");
    assert!(ids(4)[0].is_string() && ids(4)[1..] == [Value::Null, Value::Null], "it came from outside");
    assert!(ids(6)[0].is_string() && ids(6)[1..] == [json!(4), json!(5)], "{:?}", ids(6));
}

/// What would be something else than text in a page.
const WILD: [&str; 4] = ["<script>alert(1)</script>", "</script>", "{{script}}", "<!--&amp;'"];

#[test]
fn nothing_in_the_data_is_more_than_text() {
    let directory = tempfile::tempdir().unwrap();
    let wild: String = WILD.iter().map(|wild| format!("Bank.create \"{wild}\", \"{wild}\"\n")).collect();
    let script = format!(
        "Bank.open\n{wild}Bank.deposit \"</script>\", 5, memo: \"<img src=x onerror=alert(2)>\"\n\
         Bank.check_balance \"a\\u{{2028}}b\\u{{202E}}\\u{{1B}}[2J\"\nBank.check_balance \"a\u{2028}b\u{202e}\"\n\
         Bank.fork \"</script><b>\"\nBank.report \"lesson.html\"\n"
    );
    let finished = run_in(&directory, &["--quiet", "--seed", "7", "--user", "</script><i>"], &script);
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    let page = report_of(&directory, "lesson.html");
    let wild =
        |character: char| matches!(character, '<' | '>' | '&' | '\u{2028}'..='\u{202E}') || character.is_control();
    assert_eq!(page.json.chars().find(|character| wild(*character)), None);
    assert_eq!(page.html.matches("<script").count(), 2, "the data, and the script of the page");
    assert_eq!(page.report["fork"], "</script><b>");
    for holder in WILD {
        let created = page.events().iter().find(|event| event["of"] == holder).expect(holder);
        let as_json = serde_json::to_string(holder).unwrap();
        assert!(created["data"].as_array().unwrap().contains(&json!(["account_holder", as_json])), "{created}");
        assert_eq!(page.states_at(page.events().len() as u64)[holder], if holder == "</script>" { "5" } else { "0" });
    }
    let statements: Vec<_> = page.session().iter().map(|(statement, _)| (*statement).to_owned()).collect();
    assert!(statements.contains(&"Bank.check_balance \"a\\u{2028}b\\u{202E}\"".to_owned()), "{statements:?}");
}

#[test]
fn the_page_names_nothing_outside_and_lets_nothing_in() {
    let directory = tempfile::tempdir().unwrap();
    run_in(&directory, &["--quiet"], "Bank.open; Bank.report \"lesson.html\"");
    let html = report_of(&directory, "lesson.html").html;
    let policy = "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-";
    assert!(html.contains(policy), "{html}");
    assert!(!html.contains("unsafe-inline"));
    for reference in ["http:", "https:", "src=", "url(", "@import", "<link", "<img", "<iframe"] {
        assert!(!html.contains(reference), "{reference}");
    }
}

#[test]
fn each_statement_says_where_it_ran() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
Bank.open "one.db"
Bank.create 1
Bank.deposit 1, 5
Bank.fork "what if"
Bank.deposit 1, 3
Bank.check_balance 1
Bank.switch "main"
Bank.check_balance 1
Bank.close
Bank.open
Bank.create 1
Bank.report "lesson.html"
"#;
    run_in(&directory, &["--quiet"], script);
    let page = report_of(&directory, "lesson.html");
    let session = page.report["session"]["statements"].as_array().unwrap();
    let places = session.iter().filter_map(|one| Some((one["statement"].as_str().unwrap(), one["place"].as_str()?)));
    assert_eq!(
        places.collect::<Vec<_>>(),
        [
            ("Bank.create 1", "one.db"),
            ("Bank.deposit 1, 3", "one.db, fork what if"),
            ("Bank.check_balance 1", "one.db"),
            ("Bank.open", ""),
            ("Bank.create 1", "memory"),
        ]
    );
}

#[test]
fn a_fork_reports_its_own_history() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
Bank.open
Bank.create 1, deposit: 10
Bank.fork "what if", at: 1
Bank.deposit 1, 3
Bank.report "fork.html"
Bank.switch "main"
Bank.report "main.html"
"#;
    run_in(&directory, &["--quiet"], script);
    let [fork, main] = ["fork.html", "main.html"].map(|name| report_of(&directory, name));
    assert_eq!((&fork.report["fork"], &main.report["fork"]), (&json!("what if"), &Value::Null));
    assert_eq!((&fork.states_at(2)["1"], &main.states_at(2)["1"]), (&"3".to_owned(), &"10".to_owned()));
}

#[test]
fn handlers_are_as_they_are_and_as_the_session_saw_them() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
Bank.open retry_attempts: 1, retry_delay: 1
Bank.create 1, deposit: 9
Bank.create 2
Bank.break "transfer", :fail, times: 1
Bank.transfer 1, 2, 5
Bank.hold "balances"
Bank.deposit 1, 1
Bank.report "lesson.html"
"#;
    run_in(&directory, &["--quiet"], script);
    let page = report_of(&directory, "lesson.html");
    let handlers = page.report["handlers"].as_array().unwrap();
    let named = |name: &str| handlers.iter().find(|handler| handler["name"] == name).unwrap();
    let balances = named("balances");
    assert_eq!(
        (&balances["checkpoint"], &balances["behind"], &balances["next_attempt"]),
        (&json!(4), &json!(1), &json!("held"))
    );
    assert_eq!(named("transfer")["parked"], 1);
    let reserved = &page.report["events"][3];
    let deliveries = json!([["transfer", "parked after attempt 1: it was made to fail"]]);
    assert_eq!((&reserved["position"], &reserved["deliveries"]), (&json!(4), &deliveries));
    let session = page.report["session"]["statements"].as_array().unwrap();
    let deposit = session.last().unwrap();
    assert_eq!(deposit["statement"], "Bank.deposit 1, 1");
    let checkpoints = deposit["checkpoints"].as_array().unwrap();
    assert!(
        checkpoints.contains(&json!(["balances", 4])) && checkpoints.contains(&json!(["accounts", 5])),
        "{deposit}"
    );
    assert_eq!(session[1].get("checkpoints"), None, "nothing was held or broken then");
}

#[test]
fn other_domains_show_what_they_are_about() {
    let directory = tempfile::tempdir().unwrap();
    let run = |program: &str, arguments: &[&str], script: &str| {
        let mut command = example(program, arguments);
        command.current_dir(&directory);
        let finished = run_command(command, script);
        assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    };
    let script = "Garage.open_lot \"north\", 2\nGarage.enter \"north\", \"B-XY 123\"\nGarage.report \"garage.html\"\n";
    run("parking_garage", &["--quiet"], script);
    let garage = report_of(&directory, "garage.html");
    assert_eq!(garage.report["states"]["columns"], json!(["lot", "free places"]));
    assert_eq!((&garage.states_at(1)["north"], &garage.states_at(2)["north"]), (&"2".to_owned(), &"1".to_owned()));
    let script = "LibraryWriteService.add_book \"978-1593275846\", \"Elixir in Action\", \"Sasa Juric\", 2\n\
                  LibraryWriteService.borrow_book \"978-1593275846\", \"user123\"\n\
                  LibraryWriteService.report \"write.html\"\n";
    run("library_write_service", &["--quiet", "--store", "library.db"], script);
    run("library_read_service", &["--quiet", "--store", "library.db"], "LibraryReadService.report \"read.html\"\n");
    for name in ["write.html", "read.html"] {
        let library = report_of(&directory, name);
        let copies = [1, 2].map(|position| library.states_at(position)["9781593275846"].clone());
        assert_eq!(copies, ["2 in, 0 out", "1 in, 1 out"], "{name}");
    }
}

#[test]
fn a_report_writes_over_nothing() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("there.html"), "mine").unwrap();
    std::os::unix::fs::symlink("elsewhere", directory.path().join("link.html")).unwrap();
    let script = "Bank.open\nBank.report \"there.html\"\nBank.report \"link.html\"\n";
    let finished = run_in(&directory, &["--quiet", "--keep-going"], script);
    let replies: Vec<_> = finished.stdout.lines().skip(1).collect();
    assert_eq!(replies, ["{:error, :file_exists}"; 2]);
    assert_eq!(std::fs::read_to_string(directory.path().join("there.html")).unwrap(), "mine");
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["link.html", "there.html"]);
    assert!(!Path::new("elsewhere").exists());
}
