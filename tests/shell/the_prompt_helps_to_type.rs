//! Completion, recall, calls over several lines, and a prompt that says where one is.

use std::os::unix::fs::PermissionsExt as _;

use crate::terminal::{BACKSPACE, CTRL_C, CTRL_D, ENTER, LEFT, ROWS, TAB, Terminal, UP};

/// A bank with many accounts: `Adam 001` to `Adam 120`, and Wolfman.
fn with_many_accounts() -> Terminal {
    let adams = (1..=120).map(|number| format!("Bank.create \"Adam {number:03}\"; "));
    let statements = format!("Bank.open; {}Bank.create \"Wolfman\"", adams.collect::<String>());
    Terminal::open_with_arguments(&["-i", "--quiet", "-c", &statements], "bank(123)> ")
}

#[test]
fn tab_reaches_every_name_and_counts_what_it_does_not_list() {
    let terminal = with_many_accounts();
    terminal.keys(&format!("Bank.check_balance \"{TAB}{TAB}"));
    terminal.wait_until("the count", |screen| screen.contents().contains("… and 21 more"));
    terminal.wait_until("nothing inserted", |screen| {
        let contents = screen.contents();
        contents
            .trim_end()
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("bank(123)> Bank.check_balance \"\", [at"))
    });
    terminal.keys(&format!("W{TAB}"));
    terminal.wait_for("bank(123)> Bank.check_balance \"Wolfman\", [at: …], [as_of: …]");
}

#[test]
fn an_open_string_has_a_prompt_of_its_own_and_ctrl_c_leaves_it() {
    let terminal = Terminal::open_with_arguments(&["-i", "--quiet", "-c", "Bank.open; Bank.create :A"], "bank(3)> ");
    terminal.enter("Bank.deposit \"A, 5");
    terminal.wait_for("...(3)\"> within a string: \" ends it, Ctrl-C drops the statement");
    terminal.enter("Bank.check_balance 1");
    terminal.wait_for("...(3)\"> within a string: \" ends it, Ctrl-C drops the statement");
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(3)> ");
    // Where the string ends, a call that goes on has the usual prompt.
    terminal.enter("Bank.deposit(\"A");
    terminal.wait_for("...(3)\"> within a string: \" ends it, Ctrl-C drops the statement");
    terminal.enter("\",");
    terminal.wait_for("....(3)> amount, [memo: …], [on: …]");
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.deposit \"A, 5");
    terminal.wait_until("the string", |screen| screen.contents().trim_end().ends_with("drops the statement"));
    terminal.enter("\" 5");
    terminal.wait_for("bank(3)> ");
    let lines = terminal.lines();
    let report = [
        "error: 1:14: this string goes on over the end of the line: is a `\"` missing? If not, 2:3: write `,`",
        "before this argument, as in `Bank.deposit(\"Wolfman\", 100)`",
        "  Bank.deposit \"A, 5",
        "               ^",
    ];
    assert_eq!(lines[lines.len() - 5..lines.len() - 1], report, "{lines:?}");
}

#[test]
fn tab_within_a_string_doubles_no_quote() {
    let terminal = Terminal::open_with_arguments(&["-i", "-c", "Bank.open; Bank.create :Wolfman"], "bank(3)> ");
    terminal.keys(&format!("Bank.deposit \"Wo\", 5{}{TAB}", LEFT.repeat(4)));
    terminal.wait_for("bank(3)> Bank.deposit \"Wolfman\", 5");
    terminal.keys(ENTER);
    terminal.wait_for("bank(4)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), ":ok");
}

#[test]
fn tab_completes_names_that_hold_quotes_and_backslashes_also_where_they_part() {
    let create = r#"Bank.open; Bank.create "a\"b"; Bank.create "a\\c""#;
    let terminal = Terminal::open_with_arguments(&["-i", "-c", create], "bank(4)> ");
    terminal.keys(&format!("Bank.check_balance \"a{TAB}"));
    terminal.keys(&format!("\\\"{TAB}"));
    terminal.wait_for("bank(4)> Bank.check_balance \"a\\\"b\", [at: …], [as_of: …]");
}

#[test]
fn tab_completes_keywords_files_and_functions_without_their_module() {
    let terminal = Terminal::open_with_arguments(&["-i", "-c", "Bank.open \"bank.db\"; Bank.close"], "bank(3)> ");
    terminal.keys(&format!("ope{TAB} \"ba{TAB}"));
    terminal.wait_until("the file", |screen| screen.contents().contains("bank(3)> Bank.open \"bank.db"));
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(3)> ");
    terminal.keys(&format!("Bank.open acc{TAB}t{TAB}"));
    terminal.wait_until("the value", |screen| screen.contents().contains("bank(3)> Bank.open accept_loss: true, ["));
}

#[test]
fn tab_completes_the_numbers_of_parked_events() {
    // No e-mail can be written into what is a file, and each opening tries again, ten times.
    let open = "Bank.open \"bank.db\", email: \"bank.db/outbox\"; ";
    let deposit = "Bank.create 1, \"Josh\", email: \"josh@example.org\"; Bank.deposit 1, 100; Bank.close; ";
    let again = format!("{open}Bank.close; ").repeat(9);
    let statements = format!("{open}{deposit}{again}{open}Bank.withdraw 1, 1");
    let terminal = Terminal::open_with_arguments(&["-i", "--quiet", "-c", &statements], "bank:bank.db(25)> ");
    terminal.keys(&format!("Bank.retry {TAB}"));
    terminal.wait_for("bank:bank.db(25)> Bank.retry 1");
}

#[test]
fn tab_completes_handlers_and_the_prompt_says_what_is_held() {
    let terminal = Terminal::open_with_arguments(&["-i", "--quiet", "-c", "Bank.open"], "bank(2)> ");
    for (begun, completed) in [
        ("hold \"bal", "hold \"balances\""),
        ("Bank.step \"transfer", "Bank.step \"transfer"),
        ("release \"total d", "release \"total deposits\""),
        ("break \"ev", "break \"event store\""),
        ("break \"event store\", :dis", "break \"event store\", :disk_full"),
    ] {
        terminal.keys(&format!("{begun}{TAB}"));
        terminal.wait_until(completed, |screen| screen.contents().contains(&format!("bank(2)> {completed}")));
        terminal.keys(CTRL_C);
        terminal.wait_for("bank(2)> ");
    }
    terminal.enter("hold \"balances\"");
    terminal.wait_for("bank[balances held](3)> ");
    terminal.enter("hold \"transfer\"");
    terminal.wait_for("bank[2 held](4)> ");
    terminal.enter("release \"balances\"; release \"transfer\"");
    terminal.wait_for("bank(6)> ");
    terminal.enter("Bank.crash");
    assert_eq!(terminal.ended().0, None, "a signal has ended it");
}

#[test]
fn tab_completes_what_help_explains_and_holders() {
    let terminal = Terminal::open_with_arguments(&["-i", "-c", "Bank.open; Bank.create 1, \"Josh Wolf\""], "bank(3)> ");
    for (begun, completed) in [
        ("help :no_pa", "help :no_payee"),
        ("help no_pa", "help no_payee"),
        ("help redeli", "help redelivery"),
        ("help process m", "help process manager"),
        ("? process_m", "? process_manager"),
        ("Bank.open currency: \"eu", "Bank.open currency: \"EUR\""),
        ("CHECK_BAL", "Bank.check_balance"),
        ("get_account_list holder: \"Jo", "get_account_list holder: \"Josh Wolf\""),
    ] {
        terminal.keys(&format!("{begun}{TAB}"));
        terminal.wait_until(completed, |screen| screen.contents().contains(&format!("bank(3)> {completed}")));
        terminal.keys(CTRL_C);
        terminal.wait_for("bank(3)> ");
    }
}

#[test]
fn tab_within_a_word_doubles_nothing() {
    let terminal = Terminal::open_with_arguments(&["-i", "-c", "Bank.open; Bank.create :Wolfman"], "bank(3)> ");
    for (line, back, completed) in [
        ("Bank.deposit", 4, "Bank.deposit"),
        ("depos \"Wolfman\", 5", 13, "Bank.deposit \"Wolfman\", 5"),
        ("Bank.deposit \"Wolfman\", 5", 7, "Bank.deposit \"Wolfman\", 5"),
        ("Bank.deposit 1, 5, memo: \"x\"", 7, "Bank.deposit 1, 5, memo: \"x\""),
    ] {
        terminal.keys(&format!("{line}{}{TAB}", LEFT.repeat(back)));
        // Something typed there shows that Tab has done its work.
        terminal.keys(&format!("!{BACKSPACE}"));
        // A hint may follow.
        terminal.wait_until(completed, |screen| {
            let contents = screen.contents();
            let last = contents.trim_end().lines().last().unwrap_or_default();
            let rest = last.strip_prefix("bank(3)> ").and_then(|line| line.strip_prefix(completed));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',']))
        });
        terminal.keys(CTRL_C);
        terminal.wait_for("bank(3)> ");
    }
}

#[test]
fn a_command_is_tried_in_capital_letters_too() {
    let statements = "Bank.open; Bank.create 1";
    let terminal = Terminal::open_with_arguments(&["-i", "--quiet", "-c", statements], "bank(3)> ");
    terminal.enter("TRY DEPOSIT 1, 5");
    terminal.wait_for("bank(4)> ");
    assert!(terminal.lines().iter().any(|line| line.contains("Money Deposited")), "{:?}", terminal.lines());
    terminal.enter("check_balance 1");
    terminal.wait_for("bank(5)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "0");
}

#[test]
fn a_call_goes_on_after_a_parenthesis_or_a_comma() {
    let terminal = Terminal::open_with_arguments(&["-i", "-c", "Bank.open; Bank.create :Wolfman"], "bank(3)> ");
    terminal.enter("Bank.deposit(");
    terminal.wait_for("....(3)> account, amount, [memo: …], [on: …]");
    terminal.keys(&format!("\"Wo{TAB},"));
    terminal.wait_for("....(3)> \"Wolfman\",amount, [memo: …], [on: …]");
    terminal.keys(ENTER);
    terminal.enter("5");
    terminal.wait_for("....(3)> ");
    terminal.enter(")");
    terminal.wait_for("bank(4)> ");
    terminal.enter("Bank.check_balance");
    terminal.wait_until("the mistake", |screen| screen.contents().trim_end().ends_with("^\nbank(4)>"));
    terminal.enter("Bank.check_balance \"Wolfman\",");
    terminal.wait_for("....(4)> [at: …], [as_of: …]");
    terminal.enter("at: 2");
    terminal.wait_for("bank(5)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "5");
    // It is recalled as a whole.
    terminal.keys(UP);
    terminal.wait_until("both lines", |screen| screen.contents().contains("check_balance \"Wolfman\",\nat: 2"));
}

#[test]
fn the_prompt_says_what_is_open() {
    let terminal = Terminal::open_with_arguments(&["-i", "-c", "Bank.open \"bank.db\""], "bank:bank.db(2)> ");
    terminal.enter("Bank.create \"a");
    terminal.wait_for("...........(2)\"> within a string: \" ends it, Ctrl-C drops the statement");
    terminal.enter("\"; Bank.close");
    terminal.wait_for("bank(4)> ");
}

#[test]
fn history_lists_what_can_be_recalled_and_clear_clears() {
    let terminal = Terminal::open();
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
    terminal.enter("Bank.create 1, \"Josh\", 4711");
    terminal.wait_for("bank(3)> ");
    terminal.enter("history");
    terminal.wait_for("bank(4)> ");
    let lines = terminal.lines();
    assert_eq!(lines[lines.len() - 3..lines.len() - 1], ["Bank.open", "history"]);
    terminal.enter("clear");
    terminal.wait_until("an empty screen", |screen| screen.contents().trim_end() == "bank(5)>");
}

#[test]
fn one_stays_at_the_prompt_after_statements_that_are_mistaken_too() {
    let terminal = Terminal::open_with_arguments(&["-i", "-c", "Bank.open; Bank.opne; Bank.close"], "bank(2)> ");
    assert!(terminal.lines().iter().any(|line| line.contains("did you mean")), "{:?}", terminal.lines());
    terminal.keys(CTRL_D);
    assert_eq!(terminal.ended().0, Some(0));
    let no_terminal = crate::program::run(&["-i", "-c", "Bank.open"], "");
    assert_eq!(no_terminal.exit_code, Some(2));
    assert_eq!(no_terminal.stderr, "bank: -i needs a terminal as standard input; bank --help lists the flags\n");
}

#[test]
fn the_first_line_says_which_program_this_is_and_how_to_begin() {
    let banner = |terminal: &Terminal| terminal.lines()[0].clone();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        banner(&Terminal::open()),
        format!("bank {version}: Bank.open begins, Bank.tour teaches, help lists the functions; exit or Ctrl-D leaves")
    );
    let with_one = Terminal::open_with_arguments(&["-i", "-c", "Bank.open"], "bank(2)> ");
    let greeting = with_one.lines().into_iter().find(|line| line.starts_with("bank ")).unwrap();
    assert!(
        greeting.starts_with(&format!("bank {version}: a bank in memory is open, Bank.tour teaches")),
        "{greeting}"
    );
    for (name, prompt) in
        [("library_write_service", "library_write(1)> "), ("library_read_service", "library_read(1)> ")]
    {
        let terminal = Terminal::open_example_with(name, &["--store", "library.db"], prompt);
        assert!(
            banner(&terminal).starts_with(&format!("{name} {version}: start with Library")),
            "{}",
            banner(&terminal)
        );
    }
}

#[test]
fn help_that_is_longer_than_the_screen_goes_through_a_pager() {
    let terminal = Terminal::open_in("PAGER=sed -n '1s/^/paged: /p'");
    terminal.enter("help");
    terminal.wait_for("bank(2)> ");
    let lines = terminal.lines();
    assert_eq!(lines[lines.len() - 2], "paged: Bank");
    terminal.enter("help Bank.deposit");
    terminal.wait_for("bank(3)> ");
    assert!(!terminal.lines().iter().skip(lines.len()).any(|line| line.contains("paged")));

    // Without one, it is `less` with options by which it ends where all fits and leaves the text on the screen.
    let directory = tempfile::tempdir().unwrap();
    let less = directory.path().join("less");
    std::fs::write(&less, "#!/bin/sh\necho \"less $* LESS=$LESS\"\n").unwrap();
    std::fs::set_permissions(&less, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("PATH={}:{}", directory.path().display(), std::env::var("PATH").unwrap());
    for (arguments, shown) in [
        (&[][..], "less -FRX LESS=FRX"),
        (&["PAGER=less"], "less  LESS=FRX"),
        (&["PAGER=less", "LESS=i"], "less  LESS=i"),
    ] {
        let arguments: Vec<_> =
            [path.as_str()].into_iter().chain(arguments.iter().copied()).chain([env!("CARGO_BIN_EXE_bank")]).collect();
        let terminal = Terminal::open_by("env", &arguments);
        terminal.enter("help");
        terminal.wait_for("bank(2)> ");
        assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), shown);
    }

    // A terminal that can do little has no use for it.
    let terminal = Terminal::open_by("env", &[&path, "TERM=dumb", env!("CARGO_BIN_EXE_bank")]);
    terminal.enter("help");
    terminal.wait_for("bank(2)> ");
    assert!(!terminal.lines().concat().contains("less -FRX"));

    let terminal = Terminal::open_in("PAGER=no-such-pager");
    terminal.enter("help");
    terminal.wait_for("bank(2)> ");
    assert!(terminal.lines().len() > usize::from(ROWS.get()) / 2, "without a pager it is printed");
}
