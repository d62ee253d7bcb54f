//! The line about what a statement leaves out, with the call that shows it.

use super::period::BEFORE;
use crate::bank::Statement;
use crate::shell::application_functions::integer;
use crate::shell::function_table::LIMIT;
use crate::shell::functions::Call;
use crate::shell::page::earlier;
use crate::shell::query_arguments::MAX_LIMIT;

/// How many lines are not shown, and the statement that shows them: all lines, or where those are too many, the lines right
/// before these. Going back so, each line is shown once.
pub(super) fn left_out(call: &Call<'_>, statement: &Statement) -> String {
    note(call, statement, MAX_LIMIT as u64)
}

/// The line, where a statement has at most `most` lines.
fn note(call: &Call<'_>, statement: &Statement, most: u64) -> String {
    let lines = statement.earlier + statement.lines.len() as u64;
    let (asked, does) = match statement.lines.first() {
        Some(first) if lines > most => {
            let before = (BEFORE.name, Some(integer(first.position.get())));
            (call.with(&[before, (LIMIT.name, Some(integer(most)))]), "goes further back")
        }
        _ => (call.with(&[(LIMIT.name, Some(integer(lines)))]), "lists all"),
    };
    format!("{} not shown: `{asked}` {does}.", earlier(statement.earlier, "lines"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{BookingDate, StatementLine};
    use crate::engine::log::{Position, Timestamp};
    use crate::shell::bank_functions::manual::MANUAL;
    use crate::shell::bank_functions::statement::ROW;
    use crate::shell::functions::check;
    use crate::shell::language::Statements;

    fn line(position: u64, day: &str) -> StatementLine {
        let booking_date: BookingDate = day.parse().unwrap();
        StatementLine {
            position: Position::new(position),
            time: Timestamp::from_micros(0),
            booking_date,
            what: "Money Deposited",
            other: None,
            memo: None,
            reason: None,
            overdraft_limit: None,
            reverses: None,
            amount: Some(1),
            declined: None,
            balance: 1,
            recorded_balance: 1,
        }
    }

    fn said(text: &str, most: u64) -> String {
        let lines = vec![line(7, "2024-01-02"), line(9, "2024-01-03")];
        let statement = Statement { brought_forward: Some(0), lines, earlier: 5 };
        let read = Statements::new(text).next().unwrap().unwrap();
        let arguments = check(&ROW.function, &read, text, &MANUAL).unwrap();
        note(&Call::new(&ROW.function, &arguments, false), &statement, most)
    }

    #[test]
    fn of_too_many_lines_a_statement_shows_those_before() {
        for (asked, most, other) in [
            ("Bank.statement 1", 7, "Bank.statement 1, limit: 7` lists all"),
            ("Bank.statement 1", 6, "Bank.statement 1, before: 7, limit: 6` goes further back"),
            ("Bank.statement 1, to: 9", 6, "Bank.statement 1, to: 9, before: 7, limit: 6` goes further back"),
            (
                "Bank.statement \"A\", month: \"2024-01\", limit: 2",
                6,
                "Bank.statement \"A\", month: \"2024-01\", before: 7, limit: 6` goes further back",
            ),
            (
                "Bank.statement 1, before: 12, limit: 6, as_of: \"2024-01-09\"",
                6,
                "Bank.statement 1, before: 7, limit: 6, as_of: \"2024-01-09\"` goes further back",
            ),
        ] {
            assert_eq!(said(asked, most), format!("5 earlier lines are not shown: `{other}."));
        }
    }
}
