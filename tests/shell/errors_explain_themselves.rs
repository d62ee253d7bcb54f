//! At a terminal an error is followed by a line that says what was given, what is allowed, and what to do next. A script
//! prints the error alone.

use crate::program::run;
use crate::terminal::Terminal;

/// The lines that a statement at the prompt is answered with.
fn answer(terminal: &Terminal, number: u32, statement: &str) -> Vec<String> {
    terminal.enter(statement);
    terminal.wait_for_statement(number as usize + 1);
    let lines = terminal.lines();
    let typed = format!("({number})> {statement}");
    let start = lines.iter().rposition(|line| line.ends_with(&typed)).expect(&typed);
    lines[start + 1..lines.len() - 1].to_vec()
}

#[test]
fn a_person_is_told_what_to_do_next() {
    let terminal = Terminal::open();
    let no_account =
        "  account \"Nobody\" - there is no such account: Bank.create opens one, and Bank.get_account_list lists them";
    let answers = [
        ("Bank.events", &["{:error, :bank_not_open}", "  no bank is open: Bank.open opens one in memory"][..]),
        ("Bank.open", &["{:ok, #Bank<memory>}"]),
        ("Bank.check_balance \"Nobody\"", &[":no_account", no_account]),
        ("Bank.events \"Nobody\"", &[":no_account", no_account]),
        ("Bank.statement \"Nobody\"", &[":no_account", no_account]),
        ("Bank.snapshots \"Nobody\"", &[":no_account", no_account]),
        ("Bank.why \"Nobody\"", &[":no_account", no_account]),
        ("Bank.unlock \"Nobody\"", &["{:error, :no_account}", no_account]),
        (
            "Bank.graph \"Nobody\"",
            &[":no_account", "  what \"Nobody\" - there is no such account: Bank.create opens one, and"],
        ),
        ("Bank.graph 99", &["{:error, :no_event}", "  what 99 - "]),
        ("Bank.chart \"Nobody\"", &[":no_account", no_account]),
        ("Bank.deposit \"Nobody\", 5", &["{:error, :no_account}", no_account]),
        ("Bank.freeze \"Nobody\"", &["{:error, :no_account}", no_account]),
        ("Bank.close_account \"Nobody\"", &["{:error, :no_account}", no_account]),
        ("Bank.change_holder \"Nobody\", \"Josh\"", &["{:error, :no_account}", no_account]),
        (
            "Bank.deposit 1, 0",
            &["{:error, :invalid_amount}", "  amount 0 - an amount is from 1 to 1_000_000_000_000_000"],
        ),
        (
            "Bank.check_balance 1, as_of: \"now\"",
            &["{:error, :invalid_time}", "  as_of \"now\" - a time looks like \"2026-11-20T10:00:00Z\""],
        ),
    ];
    for (number, (statement, lines)) in (1..).zip(answers) {
        let answered = answer(&terminal, number, statement);
        let answered: Vec<_> = answered.iter().filter(|line| !line.starts_with("Command")).collect();
        // A long line goes on in the next.
        for (line, expected) in answered.iter().zip(lines) {
            assert!(expected.starts_with(line.as_str()) || line.starts_with(expected), "{statement}: {answered:?}");
        }
        assert!(answered.len() >= lines.len(), "{statement}: {answered:?}");
    }
}

#[test]
fn what_did_not_exist_yet_or_is_nowhere_is_said_to_be_so() {
    let terminal = Terminal::open_with_arguments(
        &["-i", "--quiet", "--seed", "7", "-c", "Bank.open; Bank.create 1; Bank.create \"Wolfman\""],
        "bank(4)> ",
    );
    let not_yet = |given: &str| {
        format!(
            "  account \"Wolfman\", {given} - it did not exist yet then: its first event is at position 2, \
             2026-01-01T00:00:07.004000Z"
        )
    };
    let answers = [
        ("check_balance \"Wolfman\", at: 1", ":no_account", not_yet("at 1")),
        ("statement \"Wolfman\", at: 1", ":no_account", not_yet("at 1")),
        ("why \"Wolfman\", as_of: \"2025-01-01\"", ":no_account", not_yet("as_of \"2025-01-01\"")),
        (
            "get_account_list holder: \"Nobody\"",
            "[]",
            "  holder \"Nobody\" - no account has this holder: Bank.get_account_list lists all accounts and their holders"
                .to_owned(),
        ),
        ("get_account_list as_of: \"2025-01-01\"", "[]", "  as_of \"2025-01-01\" - there was no account yet then".to_owned()),
        (
            "check_balance 1, at: 99",
            "{:error, %{position: 99, problem: \"the log ends at position 2\"}}",
            "  at 99 - the log ends at position 2: ask for a moment up to there, or leave it out for now".to_owned(),
        ),
        ("check_balance 1, at: -1", "{:error, :invalid_position}", String::new()),
    ];
    for (number, (statement, term, line)) in (4..).zip(answers) {
        let answered = answer(&terminal, number, statement);
        assert_eq!(answered[0], term, "{statement}");
        let explained: Vec<_> = answered[1..].iter().map(|line| line.trim()).collect();
        assert!(line.is_empty() || explained.join(" ") == line.trim(), "{statement}: {explained:?}");
        assert!(answered[1..].iter().all(|line| line.starts_with("  ")), "{answered:?}");
    }
    let answered = answer(&terminal, 11, "Bank.transfers").join("\n");
    assert!(answered.ends_with("\n  there is nothing to show"), "{answered}");
}

#[test]
fn what_is_malformed_is_said_below_the_error_with_what_was_given() {
    let terminal = Terminal::open_with_arguments(&["-i", "--quiet", "-c", "Bank.open; Bank.create 1"], "bank(3)> ");
    let answers = [
        (
            "create \"Josh\u{a0}Wolf\"",
            "{:error, :invalid_name}",
            "  account \"Josh\u{a0}Wolf\" - a name has no blank but the space",
        ),
        (
            "deposit 1, 5, memo: \" x\"",
            "{:error, :invalid_memo}",
            "  memo \" x\" - a memo neither begins nor ends with a blank",
        ),
        ("change_holder 1, \"\u{301}x\"", "{:error, :invalid_name}", "  account \"1\", holder"),
        (
            "create \"\u{212b}\"",
            "{:error, :invalid_name}",
            "  account \"\u{212b}\" - a name has composed letters: type \u{c5} as the one character U+00C5",
        ),
        ("check_balance \"\"", "{:error, :invalid_name}", "  account \"\" - a name cannot be empty"),
        ("try deposit 1, 5.5", "{:error, :no_decimals}, and nothing was stored", "  amount 5.5 - this bank has whole"),
        (
            "retry 7",
            "{:error, :not_parked}",
            "  number 7 - no event is parked under this number: Bank.parked lists those that are",
        ),
        (
            "why 1, at: -1",
            "{:error, :invalid_position}",
            "  at -1 - a position is a whole number from 1, such as 3: Bank.events shows them",
        ),
    ];
    for (number, (statement, term, line)) in (3..).zip(answers) {
        let answered = answer(&terminal, number, statement);
        assert_eq!(answered[0], term, "{statement}");
        assert!(answered[1].starts_with(line), "{statement}: {answered:?}");
    }
}

#[test]
fn a_pin_and_a_password_are_never_part_of_it() {
    let terminal = Terminal::open();
    terminal.enter("Bank.open; Bank.create 1, \"Josh\", 12");
    terminal.wait_until("the explanation", |screen| screen.contents().contains("  a PIN has 4 to 12 digits"));
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.close; Bank.open email: \"smtp://me:secret@host?tls=perhaps\"");
    let explanation = if cfg!(feature = "smtp") {
        "  the options are ?from="
    } else {
        "  this program was built without mail servers"
    };
    terminal.wait_until("the explanation", |screen| screen.contents().contains(explanation));
    let explained = terminal.lines().into_iter().filter(|line| line.starts_with("  "));
    assert!(!explained.collect::<String>().contains("secret"));
}

#[test]
fn a_wrong_pin_that_locks_the_account_says_so() {
    let locked = "this was the third wrong PIN in a row: the account is locked now, and Bank.unlock unlocks it";
    let program = env!("CARGO_BIN_EXE_bank");
    let terminal = Terminal::open_by("env", &["RUST_LOG=error", program, "--quiet"]);
    terminal.enter("Bank.open; Bank.create 1, \"Josh\", 8642; Bank.create 2");
    let mut number = 4;
    for (third, reply, given) in [
        ("Bank.withdraw 1, 5, 9753", ":ok", "account \"1\""),
        ("Bank.change_holder 1, \"Zoe\", 9753", "{:error, :invalid_pin}", "account \"1\""),
        ("Bank.transfer 1, 2, 5, 9753", "{:error, :invalid_pin}", "payer \"1\""),
    ] {
        for statement in ["Bank.withdraw 1, 5, 9753", "Bank.withdraw 1, 5, 9753", third] {
            terminal.wait_for_statement(number);
            assert!(!terminal.lines().concat().contains("is locked now"), "{statement}");
            terminal.enter(statement);
            number += 1;
        }
        terminal.wait_for_statement(number);
        let lines = terminal.lines();
        let answered = lines.iter().rposition(|line| line == reply).unwrap();
        let explained: Vec<_> = lines[answered + 1..lines.len() - 1].iter().map(|line| line.trim()).collect();
        assert_eq!(explained.join(" "), format!("{given} - {locked}"), "{third}");
        terminal.enter("Bank.unlock 1; clear");
        number += 2;
    }
}

#[test]
fn a_script_prints_the_error_alone() {
    let finished = run(&["--quiet"], "Bank.open\nBank.check_balance \"Nobody\"\nBank.deposit 1, 0\n");
    assert_eq!(finished.stdout, "{:ok, #Bank<memory>}\n:no_account\n{:error, :invalid_amount}\n");
    let malformed = "Bank.open ceo_bonus: \"CEO\u{a0}1\"\nBank.open ceo_bonus: \"\u{301}\"\n";
    assert_eq!(run(&["--quiet"], malformed).stdout, "{:error, :invalid_name}\n{:error, :invalid_name}\n");
    // What is wrong with an argument is there for programs.
    let objects = run(&["--json"], malformed).stdout;
    let notes = ["a name has no blank but the space", "a name cannot hold a mark or an accent without its letter"];
    for (object, note) in objects.lines().zip(notes) {
        assert!(
            object.contains(&format!("\"reply\":{{\"error\":\"invalid_name\"}},\"notes\":[\"{note}\"]")),
            "{object}"
        );
    }
    assert_eq!(objects.lines().count(), notes.len());
}

#[test]
fn at_the_prompt_names_may_be_written_in_any_case() {
    let terminal = Terminal::open();
    assert_eq!(answer(&terminal, 1, "OPEN"), ["{:ok, #Bank<memory>}"]);
    assert!(answer(&terminal, 2, "bank.create 1").ends_with(&[":ok".to_owned()]));
    assert_eq!(answer(&terminal, 3, "Check_Balance 1"), ["0"]);
    terminal.enter("\\q");
    assert_eq!(terminal.ended().0, Some(0));
}

#[test]
fn a_bank_file_as_the_argument_is_open_at_the_prompt() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let path = path.to_str().unwrap();
    run(&["--store", path], "Bank.open\nBank.create \"Wolfman\", deposit: 5\n");
    let terminal = Terminal::open_with_arguments(&[path], "bank:bank.db(1)> ");
    assert_eq!(answer(&terminal, 1, "Bank.check_balance \"Wolfman\""), ["5"]);
}

#[test]
fn what_was_made_to_fail_is_mended_and_not_repaired() {
    let terminal = Terminal::open();
    let statements = ["Bank.open", "Bank.create 1", "Bank.break \"event store\", :disk_full"];
    for (number, statement) in (1..).zip(statements) {
        answer(&terminal, number, statement);
    }
    let failed = answer(&terminal, 4, "Bank.deposit 1, 5").join(" ");
    let expected = "{:error, :store_failed} the event store failed: the disk was made to be full, and nothing is stored until \
                    that is mended; one that is really full stops everything";
    let said = failed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.ends_with(expected), "{said}");
    answer(&terminal, 5, "Bank.mend");
    assert_eq!(answer(&terminal, 6, "Bank.deposit 1, 5").last().map(String::as_str), Some(":ok"));
}
