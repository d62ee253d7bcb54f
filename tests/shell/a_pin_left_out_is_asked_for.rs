//! At the prompt, a PIN that is left out is asked for, and nobody who looks at the screen sees it.

use std::fs;

use crate::terminal::{BACKSPACE, CTRL_C, CTRL_D, ENTER, PASTE, PASTE_END, Terminal, UP};

const PIN: &str = "86420975";
const CTRL_U: &str = "\u{15}";
const CTRL_Y: &str = "\u{19}";
const QUESTION: &str = "PIN of \"1\": ";

/// A terminal at its fourth prompt, with an account that has a PIN and money.
fn with_account() -> Terminal {
    with_account_on(Terminal::open())
}

fn with_account_on(terminal: Terminal) -> Terminal {
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
    terminal.enter(&format!("Bank.create 1, \"Josh\", {PIN}"));
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.deposit 1, 100");
    terminal.wait_for("bank(4)> ");
    terminal.received.lock().unwrap().clear();
    terminal
}

fn ask(terminal: &Terminal) {
    terminal.enter("Bank.withdraw 1, 30");
    terminal.wait_for(QUESTION);
}

fn nothing_was_shown(terminal: &Terminal) {
    let received = String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned();
    assert!(!received.contains(PIN) && !received.contains(&PIN[..4]), "{received}");
}

fn balance_is(terminal: &Terminal, statement: u32, balance: &str) {
    terminal.enter("Bank.check_balance 1");
    terminal.wait_for(&format!("bank({})> ", statement + 1));
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), balance);
}

#[test]
fn the_right_one_pays_and_only_stars_are_seen() {
    let terminal = with_account();
    ask(&terminal);
    for count in 1..=PIN.len() {
        terminal.keys(&PIN[count - 1..count]);
        terminal.wait_for(&format!("{QUESTION}{}", "*".repeat(count)));
    }
    terminal.keys(ENTER);
    terminal.wait_for("bank(5)> ");
    balance_is(&terminal, 5, "70");
    nothing_was_shown(&terminal);
}

#[test]
fn what_is_only_tried_takes_any_and_counts_none() {
    let terminal = with_account();
    for statement in 4..8 {
        terminal.enter("try Bank.withdraw 1, 30");
        terminal.wait_for(QUESTION);
        terminal.enter("0000");
        terminal.wait_for(&format!("bank({})> ", statement + 1));
        let lines = terminal.lines().join("\n");
        assert!(lines.contains("The PIN was taken for the right one: nothing is checked or counted here."), "{lines}");
    }
    // Three wrong ones would have locked the account.
    ask(&terminal);
    terminal.enter(PIN);
    terminal.wait_for("bank(9)> ");
    balance_is(&terminal, 9, "70");
}

#[test]
fn for_another_one_both_are_asked_for() {
    const NEW: &str = "97531864";
    let terminal = with_account();
    terminal.enter("Bank.change_pin 1");
    terminal.wait_for(QUESTION);
    terminal.enter(PIN);
    terminal.wait_for("New PIN of \"1\": ");
    terminal.enter(NEW);
    terminal.wait_for("New PIN of \"1\" again: ");
    terminal.enter(NEW);
    terminal.wait_for("bank(5)> ");
    ask(&terminal);
    terminal.enter(NEW);
    terminal.wait_for("bank(6)> ");
    balance_is(&terminal, 6, "70");
    nothing_was_shown(&terminal);
    let received = String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned();
    assert!(!received.contains(NEW), "{received}");
}

#[test]
fn a_new_one_that_is_mistyped_changes_nothing() {
    let terminal = with_account();
    terminal.enter("Bank.change_pin 1; Bank.withdraw 1, 1");
    terminal.wait_for(QUESTION);
    terminal.enter(PIN);
    terminal.wait_for("New PIN of \"1\": ");
    terminal.enter("97531864");
    terminal.wait_for("New PIN of \"1\" again: ");
    terminal.enter("97531846");
    terminal.wait_for("bank(4)> ");
    assert!(
        terminal.lines().iter().any(|line| line == "error: the two answers differ, and so the statement was not run")
    );
    ask(&terminal);
    terminal.enter(PIN);
    terminal.wait_for("bank(5)> ");
    balance_is(&terminal, 5, "70");
    nothing_was_shown(&terminal);
}

/// Nothing more is asked for after an answer that cannot be a PIN.
#[test]
fn one_that_cannot_be_a_pin_is_refused_at_once() {
    const REFUSED: &str = "error: a PIN has 4 to 12 digits, and so the statement was not run";
    let terminal = with_account();
    terminal.enter("Bank.change_pin 1");
    terminal.wait_for(QUESTION);
    terminal.enter("864");
    terminal.wait_for("bank(4)> ");
    assert_eq!(terminal.lines().iter().filter(|line| *line == REFUSED).count(), 1);
    terminal.enter("Bank.change_pin 1");
    terminal.wait_for(QUESTION);
    terminal.enter(PIN);
    terminal.wait_for("New PIN of \"1\": ");
    terminal.enter("975");
    terminal.wait_for("bank(4)> ");
    let lines = terminal.lines();
    assert_eq!(lines.iter().filter(|line| *line == REFUSED).count(), 2);
    assert!(!lines.iter().any(|line| line.contains("again")), "{lines:?}");
    ask(&terminal);
    terminal.enter(PIN);
    terminal.wait_for("bank(5)> ");
    balance_is(&terminal, 5, "70");
    nothing_was_shown(&terminal);
}

/// Closed, frozen and locked are said before any PIN is asked for.
#[test]
fn it_is_not_asked_for_where_it_would_change_nothing() {
    let terminal = with_account();
    let mut statement = 4;
    let mut replies = |asked: &str, reply: &str| {
        terminal.enter(asked);
        statement += 1;
        terminal.wait_for(&format!("bank({statement})> "));
        // Under an error stands what it means.
        let lines = terminal.lines();
        let printed = lines.iter().rev().skip(1).find(|line| !line.starts_with("  ")).unwrap();
        assert_eq!(printed, reply, "{asked}");
    };
    replies("Bank.freeze 1", ":ok");
    for asked in ["Bank.withdraw 1, 30", "Bank.transfer 1, 2, 30", "Bank.close_account 1"] {
        replies(asked, "{:error, :account_frozen}");
    }
    replies("Bank.unfreeze 1", ":ok");
    for _ in 0..3 {
        replies("Bank.withdraw 1, 1, 1111", ":ok");
    }
    for asked in ["Bank.withdraw 1, 1", "Bank.close_account 1", "Bank.change_pin 1", "Bank.change_holder 1, \"Luke\""] {
        replies(asked, "{:error, :account_locked}");
    }
    replies("Bank.unlock 1", ":ok");
    replies(&format!("Bank.withdraw 1, 100, {PIN}"), ":ok");
    replies(&format!("Bank.close_account 1, {PIN}"), ":ok");
    for asked in ["Bank.withdraw 1, 1", "Bank.close_account 1", "Bank.change_pin 1", "Bank.change_email 1, nil"] {
        replies(asked, "{:error, :account_closed}");
    }
    replies("Bank.change_pin 2", "{:error, :no_account}");
}

#[test]
fn without_colours_it_is_hidden_too() {
    let terminal = with_account_on(Terminal::open_with(tempfile::tempdir().unwrap(), "1"));
    ask(&terminal);
    terminal.keys(PIN);
    terminal.wait_for(&format!("{QUESTION}{}", "*".repeat(PIN.len())));
    terminal.keys(ENTER);
    terminal.wait_for("bank(5)> ");
    nothing_was_shown(&terminal);
}

#[test]
fn a_terminal_that_can_do_little_shows_nothing() {
    let terminal = with_account_on(Terminal::open_as("dumb", tempfile::tempdir().unwrap(), ""));
    ask(&terminal);
    terminal.enter(PIN);
    terminal.wait_until("the next prompt", |screen| screen.contents().contains("bank(5)> "));
    nothing_was_shown(&terminal);
    // What is typed afterwards is shown again.
    terminal.keys("Bank.check_balance 1");
    terminal.wait_until("what is typed", |screen| screen.contents().contains("Bank.check_balance 1"));
    terminal.keys(ENTER);
    terminal.wait_until("the balance", |screen| screen.contents().contains("\n70"));
}

#[test]
fn a_terminal_that_can_do_little_has_keys_to_correct_it() {
    let terminal = with_account_on(Terminal::open_as("dumb", tempfile::tempdir().unwrap(), ""));
    ask(&terminal);
    terminal.enter(&format!("99\u{15}{PIN}é9{BACKSPACE}{BACKSPACE}"));
    terminal.wait_for("bank(5)> ");
    balance_is(&terminal, 5, "70");
    ask(&terminal);
    terminal.keys(CTRL_D);
    terminal.wait_for("bank(6)> ");
}

#[test]
fn a_wrong_one_declines_and_what_is_no_pin_is_refused() {
    let terminal = with_account();
    ask(&terminal);
    terminal.enter("1111");
    terminal.wait_for("bank(5)> ");
    assert!(
        terminal.lines().iter().any(|line| line.ends_with("[info]  Payment declined for Account: \"1\". Wrong PIN."))
    );
    ask(&terminal);
    // An empty line, such as one pasted before it, asks again.
    terminal.enter("");
    terminal.enter("12");
    terminal.wait_for("bank(6)> ");
    assert_eq!(terminal.lines().iter().rev().nth(2).unwrap(), "{:error, :malformed_pin}");
    balance_is(&terminal, 6, "100");
}

#[test]
fn it_may_be_pasted_with_the_blanks_and_line_ends_around_it() {
    let terminal = with_account();
    for (pasted, balance) in [(format!("{PIN}\n"), "70"), (format!("  {PIN} \r\n"), "40")] {
        ask(&terminal);
        terminal.keys(&format!("{PASTE}{pasted}{PASTE_END}"));
        // The line above is as it was.
        terminal.wait_for(&format!("{QUESTION}{}", "*".repeat(PIN.len())));
        assert!(terminal.lines().iter().rev().nth(1).unwrap().ends_with("Bank.withdraw 1, 30"));
        terminal.keys(ENTER);
        terminal.wait_until("the next prompt", |screen| !screen.contents().trim_end().ends_with('*'));
        let last = if balance == "70" { 5 } else { 7 };
        terminal.wait_for(&format!("bank({last})> "));
        balance_is(&terminal, last, balance);
    }
    ask(&terminal);
    terminal.enter(&format!(" {PIN} "));
    terminal.wait_for("bank(9)> ");
    balance_is(&terminal, 9, "10");
    nothing_was_shown(&terminal);
}

#[test]
fn ctrl_c_gives_it_up_on_a_terminal_that_can_do_little_too() {
    let terminal = with_account_on(Terminal::open_as("dumb", tempfile::tempdir().unwrap(), ""));
    for _ in 0..2 {
        ask(&terminal);
        terminal.keys(CTRL_C);
        terminal.wait_for("bank(4)> ");
    }
    // At the prompt itself it gives up the line.
    terminal.keys("Bank.clo");
    terminal.wait_for("bank(4)> Bank.clo");
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(4)> ");
    balance_is(&terminal, 4, "100");
    assert!(!terminal.lines().iter().any(|line| line.contains("interrupted")), "{:?}", terminal.lines());
}

#[test]
fn who_does_not_answer_gives_up_the_statement() {
    let terminal = with_account();
    for key in [CTRL_C, CTRL_D] {
        ask(&terminal);
        terminal.keys(key);
        terminal.wait_for("bank(4)> ");
    }
    ask(&terminal);
    terminal.keys(&format!("{PIN}{CTRL_C}"));
    terminal.wait_for("bank(4)> ");
    balance_is(&terminal, 4, "100");
    nothing_was_shown(&terminal);
}

#[test]
fn it_cannot_be_brought_back() {
    let terminal = with_account();
    ask(&terminal);
    terminal.keys(&format!("{PIN}{CTRL_U}{UP}"));
    terminal.wait_for(&format!("{QUESTION}{}", "*".repeat(PIN.len())));
    terminal.keys(ENTER);
    terminal.wait_for("bank(5)> ");
    terminal.keys(&format!("{CTRL_Y}{UP}"));
    terminal.wait_for("bank(5)> Bank.withdraw 1, 30, [pin], [memo: …], [on: …]");
    nothing_was_shown(&terminal);
}

#[test]
fn it_may_be_typed_ahead_and_is_not_asked_for_where_it_is_not_needed() {
    let terminal = with_account();
    terminal.keys(&format!("Bank.create 2; Bank.withdraw 2, 5; Bank.withdraw 1, 5, {PIN}{ENTER}"));
    terminal.wait_for("bank(7)> ");
    balance_is(&terminal, 7, "95");
    terminal.keys(&format!("Bank.withdraw 1, 5{ENTER}{PIN}{ENTER}Bank.check_balance 1{ENTER}"));
    terminal.wait_for("bank(10)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "90");
}

#[test]
fn no_line_with_a_pin_is_kept() {
    let terminal = with_account();
    ask(&terminal);
    terminal.enter(PIN);
    terminal.wait_for("bank(5)> ");
    let mistakes = [
        format!("Bank.withdraw 1, 5, {PIN}, 1"),
        format!("Bank.withdraw 1, 5, {PIN} x"),
        format!("Bank.wthdraw 1, 5, {PIN}"),
        format!("Bank.create 1, {PIN}"),
        PIN.to_owned(),
        format!("Bank.open 1; Bank.withdraw 1, 5, {PIN}"),
    ];
    for mistake in &mistakes {
        terminal.enter(mistake);
    }
    terminal.enter(&format!("Bank.withdraw 1, 5, {PIN}; Bank.check_balance 1"));
    terminal.wait_for("bank(7)> ");
    terminal.enter("exit");
    let (code, state) = terminal.ended();
    assert_eq!(code, Some(0));
    let kept = fs::read_to_string(state.path().join("cqrs-bank/history")).unwrap();
    assert!(kept.contains("Bank.deposit 1, 100") && kept.contains("Bank.withdraw 1, 30"), "{kept}");
    assert!(!kept.contains(PIN), "{kept}");
}
