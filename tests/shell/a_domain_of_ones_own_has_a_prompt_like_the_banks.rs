//! A domain that is none of the crate's has a prompt like the bank's: names are completed, functions explained, and a PIN
//! is asked for and never shown. What it prints in scripts stands in the transcripts.

use std::fs;

use crate::terminal::{CTRL_D, ENTER, TAB, Terminal};

const PIN: &str = "86420975";

fn with_a_car() -> Terminal {
    let terminal = Terminal::open_example("parking_garage", "garage(1)> ");
    terminal.enter("Garage.open_lot \"north\", 2");
    terminal.wait_for("garage(2)> ");
    terminal.enter("Garage.enter \"north\", \"B-1\"");
    terminal.wait_for("garage(3)> ");
    terminal
}

#[test]
fn its_banner_says_how_to_begin() {
    let terminal = Terminal::open_example("parking_garage", "garage(1)> ");
    let version = env!("CARGO_PKG_VERSION");
    let banner =
        format!("parking_garage {version}: start with Garage.enter; help lists the functions; exit or Ctrl-D leaves");
    assert_eq!(terminal.lines()[0], banner);
}

#[test]
fn functions_and_the_names_of_lots_are_completed() {
    let terminal = with_a_car();
    terminal.keys(&format!("Ga{TAB}fr{TAB} \"no{TAB}"));
    terminal.wait_for("garage(3)> Garage.free \"north\", [at: …], [as_of: …]");
    terminal.keys(ENTER);
    terminal.wait_for("garage(4)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), "1");
}

#[test]
fn a_pin_is_asked_for_and_kept_nowhere() {
    let terminal = with_a_car();
    terminal.enter("Garage.leave \"north\", \"B-1\"");
    terminal.wait_for("garage(4)> ");
    terminal.enter("Garage.pay \"north-1\"");
    terminal.wait_for("PIN of the card: ");
    terminal.enter(PIN);
    terminal.wait_for("garage(5)> ");
    assert_eq!(terminal.lines().iter().rev().nth(1).unwrap(), ":ok");
    // What is typed on a line shows, as it does at the bank's prompt; it is not kept.
    let shown = String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned();
    assert!(!shown.contains(PIN), "{shown}");
    terminal.enter(&format!("Garage.pay \"north-1\", {PIN}"));
    terminal.wait_for("garage(6)> ");
    terminal.keys(CTRL_D);
    let (code, state) = terminal.ended();
    assert_eq!(code, Some(0));
    let history = fs::read_to_string(state.path().join("cqrs-bank/garage_history")).unwrap();
    assert!(history.contains("Garage.leave") && !history.contains(PIN), "{history}");
    assert!(state.path().join("receipts/north-1.txt").is_file());
}
