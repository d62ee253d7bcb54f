//! Ctrl-Z stops the program, and `fg` brings it back as it was, whatever it did and whoever had the terminal meanwhile.

use rustix::process::Signal;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::terminal::{CTRL_C, CTRL_R, CTRL_Z, ENTER, LEFT, SHELL, TAB, Terminal};

const PIN: &str = "86420975";
const QUESTION: &str = "PIN of \"1\": ";

/// The program under a shell, at its first prompt.
pub(crate) fn under_a_shell() -> Terminal {
    let terminal = Terminal::open_shell();
    terminal.enter("\"$BANK\"");
    terminal.wait_for("bank(1)> ");
    terminal
}

/// Leaves the terminal as a program does that has lost control of it: it echoes lines, and Ctrl-C is no signal.
fn leave_in_disorder(terminal: &Terminal) {
    let mut settings = tcgetattr(&*terminal.keyboard).unwrap();
    settings.local_modes |= LocalModes::ECHO | LocalModes::ICANON;
    settings.local_modes -= LocalModes::ISIG;
    tcsetattr(&*terminal.keyboard, OptionalActions::Now, &settings).unwrap();
}

pub(crate) fn is_raw(modes: LocalModes) -> bool {
    !modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
}

fn is_as_before(modes: LocalModes) -> bool {
    modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
}

#[test]
fn at_the_prompt_with_the_line_that_was_typed() {
    let terminal = under_a_shell();
    terminal.keys("Bank.ope");
    terminal.wait_for("bank(1)> Bank.ope");
    for _ in 0..5 {
        terminal.keys(CTRL_Z);
        terminal.wait_for(SHELL);
        terminal.enter("fg");
        terminal.wait_for("bank(1)> Bank.ope");
        terminal.wait_for_modes("keys", is_raw);
    }
    terminal.keys(&format!("{LEFT}x"));
    terminal.wait_for("bank(1)> Bank.opxe");
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(1)> ");
    terminal.enter("exit");
    terminal.wait_for(SHELL);
}

#[test]
fn in_a_search_of_the_history() {
    let terminal = under_a_shell();
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
    terminal.keys(&format!("{CTRL_R}ope"));
    terminal.wait_for("(reverse-i-search)`ope': Bank.open");
    for _ in 0..2 {
        terminal.keys(CTRL_Z);
        terminal.wait_for(SHELL);
        terminal.enter("fg");
        terminal.wait_for("(reverse-i-search)`ope': Bank.open");
    }
    let row = terminal.lines().len();
    terminal.keys("n");
    terminal.wait_for("(reverse-i-search)`open': Bank.open");
    assert_eq!(terminal.lines().len(), row, "the search goes on in its row: {:?}", terminal.lines());
    terminal.keys(ENTER);
    terminal.wait_for("bank(3)> ");
}

#[test]
fn between_two_tabs() {
    let terminal = under_a_shell();
    terminal.keys("Bank.c");
    terminal.wait_for("bank(1)> Bank.c");
    terminal.keys(TAB);
    terminal.keys(CTRL_Z);
    terminal.wait_for(SHELL);
    terminal.enter("fg");
    terminal.wait_for("bank(1)> Bank.c");
    terminal.keys(TAB);
    terminal.wait_until("the list", |screen| screen.contents().contains("Bank.check_balance"));
    terminal.wait_for("bank(1)> Bank.c");
}

#[test]
fn with_a_line_of_several_rows() {
    let terminal = under_a_shell();
    let line = format!("bank(1)> # {}", "0123456789".repeat(15));
    terminal.keys(&line["bank(1)> ".len()..]);
    terminal.wait_for(&line);
    terminal.keys(CTRL_Z);
    terminal.wait_for(SHELL);
    terminal.enter("fg");
    terminal.wait_for(&line);
    let lines = terminal.lines();
    assert_eq!(lines[lines.len() - 3..], ["shell> fg", "\"$BANK\"", &line], "{lines:?}");
    terminal.keys(&format!("{LEFT}x"));
    terminal.wait_for(&format!("{}x9", line.strip_suffix('9').unwrap()));
    assert_eq!(terminal.lines().len(), lines.len(), "{:?}", terminal.lines());
}

#[test]
fn at_the_prompt_whoever_stopped_it() {
    let terminal = under_a_shell();
    terminal.keys("Bank.ope");
    terminal.wait_for("bank(1)> Bank.ope");
    for signal in [Signal::TSTP, Signal::STOP] {
        terminal.signal(signal);
        terminal.wait_for(SHELL);
        terminal.enter("fg");
        terminal.wait_for("bank(1)> Bank.ope");
        terminal.wait_for_modes("keys", is_raw);
    }
    terminal.keys(&format!("{LEFT}x"));
    terminal.wait_for("bank(1)> Bank.opxe");
}

#[test]
fn at_the_prompt_whatever_the_terminal_was_left_in() {
    let terminal = Terminal::open();
    terminal.keys("Bank.ope");
    terminal.wait_for("bank(1)> Bank.ope");
    terminal.signal(Signal::STOP);
    leave_in_disorder(&terminal);
    terminal.signal(Signal::CONT);
    terminal.wait_for_modes("keys", is_raw);
    terminal.keys(&format!("{LEFT}x"));
    terminal.wait_for("bank(1)> Bank.opxe");
}

#[test]
fn at_the_question_for_a_pin_without_showing_it() {
    let terminal = under_a_shell();
    terminal.enter(&format!("Bank.open; Bank.create 1, \"Josh\", {PIN}; Bank.deposit 1, 100"));
    terminal.wait_for("bank(4)> ");
    terminal.received.lock().unwrap().clear();
    terminal.enter("Bank.withdraw 1, 30");
    terminal.wait_for(QUESTION);
    terminal.keys(&PIN[..2]);
    terminal.wait_for(&format!("{QUESTION}**"));
    terminal.keys(CTRL_Z);
    terminal.wait_for(SHELL);
    terminal.enter("fg");
    terminal.wait_for(&format!("{QUESTION}**"));
    terminal.signal(Signal::TSTP);
    terminal.wait_for(SHELL);
    terminal.enter("fg");
    terminal.wait_for(&format!("{QUESTION}**"));
    terminal.keys(&PIN[2..]);
    terminal.wait_for(&format!("{QUESTION}{}", "*".repeat(PIN.len())));
    terminal.enter("");
    terminal.wait_for("bank(5)> ");
    terminal.enter("Bank.check_balance 1");
    terminal.wait_for("bank(6)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "70");
    let received = String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned();
    assert!(!received.contains(PIN) && !received.contains(&PIN[2..]), "{received}");
}

#[test]
fn on_a_terminal_that_can_do_little_a_pin_is_not_shown_either() {
    let terminal = Terminal::open_as("dumb", tempfile::tempdir().unwrap(), "");
    terminal.enter(&format!("Bank.open; Bank.create 1, \"Josh\", {PIN}; Bank.deposit 1, 100"));
    terminal.wait_for("bank(4)> ");
    terminal.received.lock().unwrap().clear();
    terminal.enter("Bank.withdraw 1, 30");
    terminal.wait_for(QUESTION);
    terminal.signal(Signal::STOP);
    leave_in_disorder(&terminal);
    terminal.signal(Signal::CONT);
    terminal.wait_for_modes("no echo", |modes| !modes.contains(LocalModes::ECHO) && modes.contains(LocalModes::ISIG));
    terminal.enter(PIN);
    terminal.wait_for("bank(5)> ");
    let received = String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned();
    assert!(!received.contains(PIN), "{received}");
}

#[test]
fn on_a_terminal_that_can_do_little_it_stops_without_leaving_it_silent() {
    // A shell that leaves the terminal as it is when a program stops.
    let shell = "set -m; TERM=dumb \"$0\"; stty -a | grep -o ' -*echo '; fg > /dev/null";
    let terminal = Terminal::open_by("bash", &["-c", shell, env!("CARGO_BIN_EXE_bank")]);
    terminal.enter(&format!("Bank.open; Bank.create 1, \"Josh\", {PIN}; Bank.deposit 1, 100"));
    terminal.wait_for("bank(4)> ");
    terminal.received.lock().unwrap().clear();
    terminal.enter("Bank.withdraw 1, 30");
    terminal.wait_for(QUESTION);
    terminal.keys(&format!("{}{CTRL_Z}", &PIN[..2]));
    terminal.wait_until("the shell", |screen| screen.contents().lines().any(|line| line.trim() == "echo"));
    terminal.wait_until("the question", |screen| screen.contents().trim_end().ends_with(QUESTION.trim_end()));
    terminal.wait_for_modes("no echo", |modes| !modes.contains(LocalModes::ECHO));
    terminal.enter(&PIN[2..]);
    terminal.wait_for("bank(5)> ");
    terminal.enter("Bank.check_balance 1");
    terminal.wait_for("bank(6)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "70");
    let received = String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned();
    assert!(!received.contains(&PIN[2..]), "{received}");
}

/// How many bytes the program that has the terminal has read.
#[cfg(target_os = "linux")]
fn bytes_read(terminal: &Terminal) -> usize {
    let program = rustix::termios::tcgetpgrp(&*terminal.keyboard).unwrap();
    let counts = std::fs::read_to_string(format!("/proc/{program}/io")).unwrap();
    counts.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_that_can_do_little_nobody_else_reads_a_pin_that_was_begun() {
    let terminal = Terminal::open_shell();
    terminal.enter("TERM=dumb \"$BANK\"");
    terminal.wait_for("bank(1)> ");
    terminal.enter(&format!("Bank.open; Bank.create 1, \"Josh\", {PIN}; Bank.deposit 1, 100"));
    terminal.wait_for("bank(4)> ");
    terminal.received.lock().unwrap().clear();
    terminal.enter("Bank.withdraw 1, 30");
    terminal.wait_for(QUESTION);
    let before = bytes_read(&terminal);
    terminal.keys(&PIN[..4]);
    // What is on its way to the program counts as typed for nobody else either.
    while bytes_read(&terminal) < before + 4 {
        std::thread::yield_now();
    }
    terminal.signal(Signal::TSTP);
    terminal.wait_for(SHELL);
    terminal.enter("fg");
    terminal.wait_for_modes("no echo", |modes| !modes.contains(LocalModes::ECHO) && modes.contains(LocalModes::ISIG));
    terminal.wait_for(QUESTION);
    terminal.enter(&PIN[4..]);
    terminal.wait_for("bank(5)> ");
    terminal.enter("Bank.check_balance 1");
    terminal.wait_for("bank(6)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "70");
    let received = String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned();
    assert!(!received.contains(&PIN[..4]) && !received.contains(&PIN[4..]), "{received}");
}

/// Lets the program go on for the so-manieth time, and waits until the shell has given it the terminal.
fn go_on(terminal: &Terminal, times: usize) {
    terminal.enter("fg");
    terminal.wait_until("the program", |screen| screen.contents().matches("> fg\n\"$BANK\"").count() == times);
    let shell = terminal.child.id() as i32;
    while rustix::termios::tcgetpgrp(&*terminal.keyboard).unwrap().as_raw_nonzero().get() == shell {
        std::thread::yield_now();
    }
}

#[test]
fn in_a_watch_which_goes_on_and_ends_with_ctrl_c() {
    let terminal = under_a_shell();
    terminal.enter("Bank.open; Bank.create 1");
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.watch from: 1");
    terminal.wait_until("the event", |screen| screen.contents().contains("bank_account_created"));
    terminal.keys(CTRL_Z);
    terminal.wait_for(SHELL);
    go_on(&terminal, 1);
    terminal.wait_for_modes("lines", is_as_before);
    terminal.signal(Signal::STOP);
    terminal.wait_until("the shell", |screen| screen.contents().trim_end().ends_with(SHELL.trim_end()));
    go_on(&terminal, 2);
    terminal.wait_for_modes("lines", is_as_before);
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(4)> ");
    terminal.keys("Bank.clo");
    terminal.wait_for("bank(4)> Bank.clo");
}

#[test]
fn in_a_watch_whatever_the_terminal_was_left_in() {
    let terminal = Terminal::open();
    terminal.enter("Bank.open; Bank.create 1; Bank.watch from: 1");
    terminal.wait_until("the event", |screen| screen.contents().contains("bank_account_created"));
    terminal.signal(Signal::STOP);
    leave_in_disorder(&terminal);
    terminal.signal(Signal::CONT);
    terminal.wait_for_modes("signals", is_as_before);
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(4)> ");
}
