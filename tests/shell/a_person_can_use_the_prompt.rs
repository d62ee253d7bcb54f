//! At a real terminal a person types, completes, interrupts, recalls and leaves.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;

use crate::terminal::{CTRL_C, CTRL_D, CTRL_R, ENTER, TAB, Terminal, UP};

#[test]
fn the_session_of_the_readme_can_be_typed() {
    let terminal = Terminal::open();
    let banner = terminal.lines()[0].clone();
    assert!(banner.contains("help") && banner.contains("exit") && banner.contains("Ctrl-D"), "{banner}");
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
    terminal.enter("Bank.create \"Wolfman\"");
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.withdraw \"Wolfman\", 50");
    terminal.wait_for("bank(4)> ");
    let mut lines = terminal.lines();
    let log = lines.remove(lines.len() - 3);
    assert!(log.ends_with(r#"[info]  Payment declined for Account: "Wolfman". Shame, shame!"#), "{log}");
    let expected = "bank(1)> Bank.open\n{:ok, #Bank<memory>}\nbank(2)> Bank.create \"Wolfman\"\nCommand Sent\n\
        Command Handler: Create Account\nEvent Store Published Event\nEvent Published\n\
        Event Handler: Account Created\nAccount Created\n:ok\nbank(3)> Bank.withdraw \"Wolfman\", 50\n\
        Command Sent\nCommand Handler: Withdraw Money\n-50\nEvent Store Published Event\nEvent Published\n\
        Event Handler: Payment Declined\n:ok\nbank(4)>";
    assert_eq!(lines[1..].join("\n"), expected);
    terminal.keys(CTRL_D);
    assert_eq!(terminal.ended().0, Some(0));
}

#[test]
fn tab_completes_modules_functions_and_the_names_of_accounts() {
    let terminal = Terminal::open();
    terminal.keys(&format!("Ba{TAB}op{TAB}{ENTER}"));
    terminal.wait_for("bank(2)> ");
    terminal.enter("Bank.create \"Wolfman \\\"W\\\"\"");
    terminal.wait_for("bank(3)> ");
    terminal.keys(&format!("Bank.check_balance \"Wo{TAB}"));
    terminal.wait_for("bank(3)> Bank.check_balance \"Wolfman \\\"W\\\"\", [at: …], [as_of: …]");
    terminal.keys(ENTER);
    terminal.wait_for("bank(4)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "0");
}

#[test]
fn hints_and_colours_help_unless_no_color_is_set() {
    let terminal = Terminal::open();
    terminal.keys("Bank.deposit ");
    terminal.wait_for("bank(1)> Bank.deposit account, amount, [memo: …], [on: …]");
    assert!(terminal.is_colored("Bank.deposit") && terminal.is_colored("account, amount"));
    assert!(!terminal.is_colored("bank(1)>"));
    terminal.keys("\"Wolfman\", 5");
    terminal.wait_for("bank(1)> Bank.deposit \"Wolfman\", 5, [memo: …], [on: …]");
    assert!(terminal.is_colored("\"Wolfman\""));

    let terminal = Terminal::open_with(tempfile::tempdir().unwrap(), "1");
    terminal.keys("Bank.deposit ");
    terminal.wait_for("bank(1)> Bank.deposit   # account, amount, [memo: …], [on: …]");
    assert!(!terminal.is_colored("Bank.deposit") && !terminal.is_colored("account, amount"));
}

#[test]
fn ctrl_c_clears_the_line_and_ctrl_d_leaves_only_an_empty_one() {
    let terminal = Terminal::open();
    terminal.keys("Bank.close");
    terminal.wait_for("bank(1)> Bank.close");
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(1)> ");
    terminal.keys("ab");
    terminal.wait_for("bank(1)> ab");
    terminal.keys(&format!("{CTRL_D}c"));
    terminal.wait_for("bank(1)> abc");
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(1)> ");
    terminal.keys(CTRL_D);
    assert_eq!(terminal.ended().0, Some(0));
}

#[test]
fn ctrl_c_in_the_middle_of_pasted_statements_returns_to_the_prompt() {
    let terminal = Terminal::open();
    // Bracketed, as a terminal pastes: it arrives as one text of many lines.
    let statements = "Bank.deposit \"Wolfman\", 1\n".repeat(40_000);
    let pasted = format!("\u{1b}[200~Bank.open\nBank.create \"Wolfman\"\n{statements}\u{1b}[201~");
    let keyboard = terminal.keyboard.clone();
    let pasting = thread::spawn(move || (&*keyboard).write_all(format!("{pasted}{ENTER}").as_bytes()).unwrap());
    terminal.wait_until("a statement to run", |screen| screen.contents().contains("Money Deposited"));
    pasting.join().unwrap();
    terminal.keys(CTRL_C);
    terminal.wait_until("the prompt", |screen| {
        let contents = screen.contents();
        let lines: Vec<_> = contents.trim_end().lines().collect();
        lines.last().is_some_and(|line| line.starts_with("bank("))
            && lines.iter().any(|line| line.starts_with("interrupted"))
    });
    // Every deposit that was acknowledged is there.
    terminal.enter("Bank.deposit \"Wolfman\", 1");
    terminal.wait_until("the reply", |screen| screen.contents().trim_end().lines().rev().nth(1) == Some(":ok"));
    let last = terminal.lines().pop().unwrap();
    let next: u64 = last.trim_start_matches("bank(").trim_end_matches(")>").parse().unwrap();
    terminal.enter("Bank.check_balance \"Wolfman\"");
    terminal.wait_for(&format!("bank({})> ", next + 1));
    let balance: u64 = terminal.lines().iter().rev().nth(1).unwrap().parse().unwrap();
    let counted = next - 3;
    assert!(balance == counted || balance == counted + 1, "{balance} after {counted} counted deposits");
    assert!(balance < 40_000, "the interrupt came too late to show anything");
    terminal.enter("exit");
    assert_eq!(terminal.ended().0, Some(0));
}

#[test]
fn pasted_statements_all_run_and_an_open_string_is_continued() {
    let terminal = Terminal::open();
    // Typed ahead, several lines in one write.
    terminal.keys("Bank.open\rBank.create 1; Bank.create 2\rBank.deposit 2, 7\r");
    terminal.wait_for("bank(5)> ");
    terminal.enter("Bank.create \"a");
    terminal.wait_for("...(5)\"> within a string: \" ends it, Ctrl-C drops the statement");
    terminal.enter("b\"");
    terminal.wait_for("bank(6)> ");
    let lines = terminal.lines();
    let reply: Vec<_> = lines.iter().rev().skip(1).take(2).map(String::as_str).collect();
    assert_eq!(
        reply,
        [
            "  account \"a\\nb\" - a name cannot hold control or bidirectional control characters",
            "{:error, :invalid_name}"
        ]
    );
    terminal.enter("Bank.check_balance 2");
    terminal.wait_for("bank(7)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "7");
}

#[test]
fn a_mistake_is_shown_with_its_place_and_does_not_count() {
    let terminal = Terminal::open();
    terminal.enter("Bank.opne");
    terminal.wait_until("the caret", |screen| screen.contents().contains("  ^^^^^^^^^"));
    terminal.wait_for("bank(1)> ");
    let lines = terminal.lines();
    assert_eq!(lines[2], "error: 1:1: there is no function `Bank.opne`; did you mean `Bank.open`?");
    terminal.enter(&"x".repeat(4_097));
    terminal.wait_until("the limit", |screen| screen.contents().contains("error: 1:1: a typed line has at most 4 KiB"));
}

#[test]
fn late_lines_do_not_break_the_line_that_is_being_typed() {
    let terminal = Terminal::open();
    terminal.enter("Bank.open; Bank.consistency :eventual");
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.create \"Wolfman\"");
    terminal.wait_for("bank(4)> ");
    terminal.enter("Bank.deposit \"Nobody\", 1");
    // What comes at once with a line is a paste with it.
    terminal.wait_until("the next prompt", |screen| screen.contents().contains("bank(5)>"));
    terminal.keys("Bank.check");
    terminal.wait_until("the late refusal above the line", |screen| {
        let contents = screen.contents();
        contents.contains("{:error, :no_account} # Deposit Money, \"Nobody\"")
            && contents.trim_end().lines().last().is_some_and(|line| line.trim_end() == "bank(5)> Bank.check")
    });
    let lines = terminal.lines();
    let sent = lines.iter().rposition(|line| line.ends_with("Command Sent")).unwrap();
    assert_eq!(lines[sent + 1], ":ok", "the reply comes right after the command was sent");
    terminal.keys("_balance \"Wolfman\"\r");
    terminal.wait_for("bank(6)> ");
}

#[test]
fn the_whole_trace_is_shown_however_soon_one_leaves() {
    // Enter may come while late lines are on their way to the screen: a race, so it is run a few times.
    for _ in 0..20 {
        let terminal = Terminal::open();
        terminal.enter("Bank.open; Bank.consistency :eventual");
        terminal.wait_for("bank(3)> ");
        terminal.keys("Bank.create \"Wolfman\"\r");
        terminal.keys("Bank.check_balance \"Wolfman\"\rexit\r");
        terminal.wait_until("the end of the trace", |screen| screen.contents().contains("\nAccount Created"));
        assert_eq!(terminal.ended().0, Some(0));
    }
}

#[test]
fn a_terminal_that_can_do_little_shows_everything_too() {
    let terminal = Terminal::open_as("dumb", tempfile::tempdir().unwrap(), "");
    terminal.enter("Bank.open; Bank.consistency :eventual");
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.deposit \"Nobody\", 1");
    terminal.wait_until("the late refusal", |screen| {
        screen.contents().contains("{:error, :no_account} # Deposit Money, \"Nobody\"")
    });
    terminal.enter("exit");
    assert_eq!(terminal.ended().0, Some(0));
}

#[test]
fn what_is_no_text_is_a_mistake_and_the_bank_stays_open() {
    let terminal = Terminal::open();
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
    (&*terminal.keyboard).write_all(b"Bank.create \"caf\xe9\"\r").unwrap();
    terminal.wait_until("the mistake", |screen| screen.contents().contains("this is not UTF-8"));
    terminal.wait_for("bank(2)> ");
    terminal.enter("Bank.open");
    terminal.wait_for("bank(3)> ");
    assert_eq!(terminal.lines().iter().rev().nth(2).unwrap(), "{:error, :already_open}");
}

#[test]
fn a_signal_that_ends_the_program_gives_the_terminal_back() {
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let terminal = Terminal::open();
        let before = rustix::termios::tcgetattr(&*terminal.keyboard).unwrap();
        assert!(!before.local_modes.contains(rustix::termios::LocalModes::ICANON), "the editor reads key by key");
        let id = terminal.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let keyboard = terminal.keyboard.clone();
        assert_eq!(terminal.ended().0, Some(code));
        let after = rustix::termios::tcgetattr(&*keyboard).unwrap();
        let lines = rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO;
        assert!(after.local_modes.contains(lines), "{signal}");
    }
}

#[test]
fn history_survives_restarts_can_be_searched_and_is_private() {
    let terminal = Terminal::open();
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
    terminal.enter(" Bank.create \"secret\"");
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.create \"Wolfman\"");
    terminal.wait_for("bank(4)> ");
    terminal.enter("exit");
    let (code, state) = terminal.ended();
    assert_eq!(code, Some(0));

    let path = state.path().join("cqrs-bank/history");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept.contains("Wolfman") && !kept.contains("secret"), "{kept}");

    let terminal = Terminal::open_with(state, "");
    terminal.keys(UP);
    terminal.wait_for("bank(1)> exit");
    terminal.keys(UP);
    // The hint ends where the row does.
    terminal.wait_for(
        "bank(1)> Bank.create \"Wolfman\", [holder], [pin], [email: …], [deposit: …], [memo: …], [on: …], [ov…",
    );
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(1)> ");
    terminal.keys(&format!("{CTRL_R}open"));
    terminal.wait_until("the search", |screen| screen.contents().contains("open': Bank.open"));
    terminal.keys(ENTER);
    terminal.wait_for("bank(2)> ");
}

#[test]
fn a_line_of_the_history_that_is_no_text_is_passed_over() {
    let state = tempfile::tempdir().unwrap();
    let path = state.path().join("cqrs-bank/history");
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, b"#V2\nBank.open\nBank.create \"caf\xe9\"\nBank.create 1\n").unwrap();
    let terminal = Terminal::open_with(state, "");
    terminal.keys(UP);
    terminal.wait_until("the last", |screen| screen.contents().contains("bank(1)> Bank.create 1, ["));
    terminal.keys(UP);
    terminal.wait_until("the first", |screen| screen.contents().contains("bank(1)> Bank.open ["));
    terminal.keys(ENTER);
    terminal.wait_for("bank(2)> ");
    // Another program may write it meanwhile.
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\xff\n").unwrap();
    terminal.enter("Bank.create 2");
    terminal.wait_for("bank(3)> ");
    terminal.enter("exit");
    assert!(!terminal.lines().iter().any(|line| line.contains("history is not kept")), "{:?}", terminal.lines());
    let (code, _state) = terminal.ended();
    assert_eq!(code, Some(0));
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept.contains("Bank.create 1\n") && kept.ends_with("Bank.create 2\nexit\n"), "{kept}");
}

#[test]
fn history_that_cannot_be_kept_is_said_and_does_not_matter() {
    let state = tempfile::tempdir().unwrap();
    OpenOptions::new().create(true).write(true).truncate(true).open(state.path().join("cqrs-bank")).unwrap();
    let terminal = Terminal::open_with(state, "");
    terminal.wait_until("the warning", |screen| screen.contents().contains("history is not kept in"));
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
