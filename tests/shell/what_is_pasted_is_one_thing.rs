//! A paste runs as a whole or not at all, and only keys and text are typed.

use std::io::Write as _;

use crate::terminal::{CTRL_C, CTRL_R, ENTER, LEFT, PASTE, PASTE_END, Terminal};

fn with_account() -> Terminal {
    with_account_on(Terminal::open())
}

fn with_account_on(terminal: Terminal) -> Terminal {
    terminal.enter("Bank.open; Bank.create 1");
    terminal.wait_for("bank(3)> ");
    terminal
}

fn balance_is(terminal: &Terminal, statement: u32, balance: &str) {
    terminal.enter("Bank.check_balance 1");
    terminal.wait_for(&format!("bank({})> ", statement + 1));
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), balance);
}

#[test]
fn of_a_paste_that_is_not_utf_8_nothing_runs() {
    let terminal = with_account();
    let deposits = "Bank.deposit 1, 1\n".repeat(100);
    let parts = [PASTE.as_bytes(), deposits.as_bytes(), b"Bank.create \"caf\xe9\"\n", deposits.as_bytes()];
    terminal.bytes(&[&parts.concat()[..], PASTE_END.as_bytes()].concat());
    terminal.wait_until("the mistake", |screen| screen.contents().contains("error: 101:17: this is not UTF-8"));
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");
}

#[test]
fn of_lines_that_come_at_once_nothing_runs_behind_one_that_is_not_utf_8() {
    let terminal = with_account();
    // Not bracketed, as an old terminal pastes.
    let pasted = [b"caf\xe9\r".as_slice(), "Bank.deposit 1, 1\r".repeat(40).as_bytes()].concat();
    terminal.bytes(&pasted);
    terminal.wait_until("the mistake", |screen| screen.contents().contains("error: 1:4: this is not UTF-8"));
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");
}

#[test]
fn what_is_not_utf_8_is_told_at_its_place_in_the_statement() {
    let terminal = Terminal::open();
    terminal.enter("Bank.open \"a");
    terminal.wait_for("...(1)\"> within a string: \" ends it, Ctrl-C drops the statement");
    terminal.keys("abcd");
    terminal.wait_until("the line", |screen| screen.contents().contains("...(1)\"> abcd"));
    terminal.keys(LEFT);
    terminal.wait_until("the cursor", |screen| usize::from(screen.cursor_position().1) == "...(1)\"> abc".len());
    terminal.bytes(b"\xff");
    terminal.wait_until("the mistake", |screen| screen.contents().contains("error: 2:4: this is not UTF-8"));
    terminal.wait_for("bank(1)> ");
}

/// Longer than what is read at once, with a byte behind that which is no text.
fn long_paste(line_end: &str) -> Vec<u8> {
    let deposits = format!("Bank.deposit 1, 1{line_end}").repeat(600);
    [deposits.as_bytes(), b"Bank.create \"caf\xe9\"", line_end.as_bytes(), deposits.as_bytes()].concat()
}

#[test]
fn of_lines_that_come_at_once_nothing_runs_before_one_that_is_not_utf_8() {
    let terminal = with_account();
    terminal.bytes(&long_paste("\r"));
    terminal.wait_until("the mistake", |screen| screen.contents().contains("error: 601:17: this is not UTF-8"));
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");
}

#[test]
fn a_terminal_that_marks_no_paste_pastes_as_a_whole_too() {
    let open = || with_account_on(Terminal::open_as("dumb", tempfile::tempdir().unwrap(), ""));
    let terminal = open();
    terminal.bytes(&long_paste("\n"));
    terminal.wait_until("the mistake", |screen| screen.contents().contains("error: 601:17: this is not UTF-8"));
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");

    let terminal = open();
    terminal.keys("Bank.deposit 1, 1\nBank.depsit 1, 1\nBank.deposit 1, 1\n");
    terminal.wait_until("the mistake", |screen| screen.contents().contains("error: 2:1: there is no function"));
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");
    terminal.keys("Bank.deposit 1, 2\nBank.deposit 1, 3\n");
    terminal.wait_for("bank(6)> ");
    balance_is(&terminal, 6, "5");
}

#[test]
fn of_lines_that_come_at_once_nothing_runs_beside_a_mistake() {
    let terminal = with_account();
    terminal.keys("Bank.deposit 1, 1\rBank.depsit 1, 1\rBank.deposit 1, 1\r");
    terminal.wait_until("the mistake", |screen| screen.contents().contains("error: 2:1: there is no function"));
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");
    // Without the end of the last line, all of it waits for Enter.
    terminal.keys("Bank.deposit 1, 2\rBank.deposit 1, 3");
    terminal.wait_until("both lines", |screen| screen.contents().contains("Bank.deposit 1, 2\nBank.deposit 1, 3"));
    terminal.keys(ENTER);
    terminal.wait_for("bank(6)> ");
    balance_is(&terminal, 6, "5");
}

#[test]
fn of_a_paste_with_a_mistake_nothing_runs() {
    let terminal = with_account();
    terminal.keys(&format!("{PASTE}Bank.deposit 1, 1\nBank.depsit 1, 1\nBank.deposit 1, 1{PASTE_END}{ENTER}"));
    terminal.wait_until("the mistake", |screen| screen.contents().contains("error: 2:1: there is no function"));
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");
}

#[test]
fn a_paste_whose_end_is_lost_can_be_given_up() {
    let terminal = with_account();
    terminal.keys(&format!("{PASTE}Bank.deposit 1, 1{ENTER}{CTRL_C}"));
    terminal.wait_until("the prompt again", |screen| screen.contents().matches("bank(3)>").count() == 2);
    balance_is(&terminal, 3, "0");
}

#[test]
fn of_a_paste_that_is_too_long_nothing_runs() {
    let terminal = with_account();
    let pasted = format!("{PASTE}{}{PASTE_END}", "Bank.deposit 1, 1\n".repeat(60_000));
    let keyboard = terminal.keyboard.clone();
    std::thread::spawn(move || (&*keyboard).write_all(pasted.as_bytes()).unwrap()).join().unwrap();
    terminal
        .wait_until("the mistake", |screen| screen.contents().contains("error: 1:1: a pasted text has at most 1 MiB"));
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");
}

#[test]
fn clicks_answers_and_keys_of_other_protocols_are_no_text() {
    let terminal = Terminal::open();
    for sequence in [
        "\u{1b}[<0;35;5M\u{1b}[<0;35;5m",
        "\u{1b}[M !!",
        "\u{1b}]11;rgb:1e1e/1e1e/1e1e\u{1b}\\",
        "\u{1b}]52;c;QmFuay5vcGVu\u{7}",
        "\u{1b}[97;1:3u",
        "\u{1b}[57441;2u",
        "\u{1b}[1;1:3A",
        "\u{1b}P1+r524742\u{1b}\\",
        "\u{1b}[12;40R",
        "\u{1b}[I",
        "\u{9b}<0;35;5M",
        "\u{9d}11;rgb:1e1e/1e1e/1e1e\u{9c}",
        "\u{85}",
    ] {
        terminal.keys(&format!("Bank.{sequence}ope"));
        terminal.wait_for("bank(1)> Bank.ope");
        terminal.keys(CTRL_C);
        terminal.wait_for("bank(1)> ");
    }
    // Ctrl-C, as the Kitty protocol tells it.
    terminal.keys("Bank.ope");
    terminal.wait_for("bank(1)> Bank.ope");
    terminal.keys("\u{1b}[99;5u");
    terminal.wait_for("bank(1)> ");
    terminal.keys(&format!("Bank.open{ENTER}"));
    terminal.wait_for("bank(2)> ");
}

#[test]
fn a_sequence_that_comes_in_parts_is_no_text() {
    let terminal = Terminal::open();
    for (first, rest) in [("\u{1b}", "[<0;35;5M"), ("\u{1b}[<0;3", "5;5M"), ("\u{1b}]11;rgb:1e", "1e/1e1e\u{1b}\\")] {
        terminal.keys(&format!("Bank.{first}"));
        // It is shown once the rest of a key has been waited for in vain.
        terminal.wait_for("bank(1)> Bank.");
        terminal.keys(&format!("{rest}ope"));
        terminal.wait_for("bank(1)> Bank.ope");
        terminal.keys(CTRL_C);
        terminal.wait_for("bank(1)> ");
    }
}

#[test]
fn escape_ends_a_search() {
    let terminal = with_account();
    terminal.keys(CTRL_R);
    terminal.wait_until("the search", |screen| screen.contents().contains("reverse-i-search"));
    terminal.keys("\u{1b}");
    terminal.wait_for("bank(3)> ");
    balance_is(&terminal, 3, "0");
}
