//! A statement that can be read is shown as it was typed: only a PIN, or an argument that may be meant as one, is masked.
//! In any other statement, every number that is long enough for a PIN is masked.

use crate::program::{bank, run_command};

#[test]
fn in_a_statement_that_takes_no_pin() {
    for statement in [
        "Bank.statement 20240117, from: :first, to: \"2024-01-17\"",
        "Bank.deposit 1, :all, memo: \"86420975\"",
        "Bank.reverse 86420975, memo: 20240117",
        "Bank.statement 20240117, frm: \"2024-01-17\"",
        "Bank.check_balance 20240117, at: \"20240117\"",
        "Bank.deposit 20240117, \"86420975\"",
        "Bank.deposit 20240117, amount: 86420975",
        "Bank.consistency 86420975",
        "help 20240117",
    ] {
        is_shown(statement, statement);
    }
}

#[test]
fn in_the_other_arguments_of_one_that_takes_a_pin() {
    for (statement, shown) in [
        ("Bank.withdraw 20240117, 50000, :none", "Bank.withdraw 20240117, 50000, :none"),
        ("Bank.withdraw 20240117, 50000, 8642, 1", "Bank.withdraw 20240117, 50000, ****, 1"),
        ("Bank.withdraw 1, 5, :none, memo: \"8642\"", "Bank.withdraw 1, 5, :none, memo: \"8642\""),
        (
            "Bank.create 20240117, \"Josh 1999\", 8642, emial: \"\"",
            "Bank.create 20240117, \"Josh 1999\", ****, emial: \"\"",
        ),
        ("Bank.create 1, :none, email: \"josh1999@a\"", "Bank.create 1, :none, email: \"josh1999@a\""),
    ] {
        is_shown(statement, shown);
    }
}

#[test]
fn in_the_statements_beside_a_mistake() {
    is_shown("Bank.statement 20240117, at: 10000; Bank.opne", "Bank.statement 20240117, at: 10000; Bank.opne");
    is_shown("Bank.opne; Bank.unlock 20240117", "Bank.opne; Bank.unlock 20240117");
}

#[test]
fn in_a_statement_that_cannot_be_read_every_long_number_is_hidden() {
    for (statement, shown) in [
        ("Bank.unlok 1, 8642", "Bank.unlok 1, ****"),
        ("Bank.statemnt 20240117, at: 123", "Bank.statemnt ********, at: 123"),
        ("Bank.deposit 123 86 42", "Bank.deposit *** ** **"),
    ] {
        is_shown(statement, shown);
    }
}

/// Looks at what is told of the last mistake.
fn is_shown(statement: &str, shown: &str) {
    let finished = run_command(bank(&["--quiet"]), format!("Bank.open\n{statement}\n"));
    let excerpt = finished.stderr.lines().rev().nth(1).unwrap_or_default();
    assert_eq!(excerpt.trim_start(), shown, "{}", finished.stderr);
}
