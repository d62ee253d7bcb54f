//! Commands and events of the trace, refusals, mistakes and logs look different at a terminal, unless `NO_COLOR` is set.

use std::num::NonZeroU16;

use crate::terminal::Terminal;

const WIDTH: NonZeroU16 = NonZeroU16::new(100).unwrap();

#[test]
fn commands_events_refusals_and_mistakes_look_different() {
    let terminal = terminal_with("");
    let sequences = received(&terminal);
    for line in [
        "\u{1b}[36mCommand Handler: Withdraw Money\u{1b}[0m",
        "\u{1b}[35mEvent Published\u{1b}[0m",
        "\u{1b}[33mEvent Handler: Payment Declined\u{1b}[0m",
        "\u{1b}[33m{:error, :no_account}\u{1b}[0m",
        "\u{1b}[33m:no_account\u{1b}[0m",
        "\u{1b}[31merror: 1:1: there is no function `Bank.opne`; did you mean `Bank.open`?\u{1b}[0m",
        "\u{1b}[1m  ^^^^^^^^^\u{1b}[0m",
        "\r\n-50\r\n",
        "\r\n:ok\r\n",
    ] {
        assert!(sequences.contains(line), "{line:?} is missing in {sequences:?}");
    }
    let log = sequences.lines().find(|line| line.contains("[info]")).unwrap();
    assert!(log.starts_with("\u{1b}[2m") && log.trim_end().ends_with("\u{1b}[0m"), "{log:?}");
}

#[test]
fn without_colour_nothing_is_coloured() {
    let sequences = received(&terminal_with("1"));
    for color in ["[1m", "[2m", "[31m", "[32m", "[33m", "[35m", "[36m", "[90m"] {
        assert!(!sequences.contains(&format!("\u{1b}{color}")), "{color} in {sequences:?}");
    }
}

/// A terminal that shows one of each.
fn terminal_with(no_color: &str) -> Terminal {
    let terminal = Terminal::open_as_wide_as(WIDTH, &[], no_color);
    terminal.enter("Bank.open; Bank.create \"Wolfman\"");
    terminal.wait_for("bank(3)> ");
    terminal.enter("Bank.withdraw \"Wolfman\", 50");
    terminal.wait_for("bank(4)> ");
    terminal.enter("Bank.deposit \"Nobody\", 1");
    terminal.wait_for("bank(5)> ");
    terminal.enter("Bank.check_balance \"Nobody\"");
    terminal.wait_for("bank(6)> ");
    terminal.enter("Bank.opne");
    terminal.wait_until("the caret", |screen| screen.contents().contains("  ^^^^^^^^^"));
    terminal.wait_for("bank(6)> ");
    terminal
}

fn received(terminal: &Terminal) -> String {
    String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned()
}
