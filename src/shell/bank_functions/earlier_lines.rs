//! The line about what a statement leaves out, with the call that shows it.

use super::period::{FROM, MONTH, TO};
use crate::bank::{AccountId, Bank, Statement, Unavailable};
use crate::engine::log::Position;
use crate::shell::application_functions::integer;
use crate::shell::function_table::{AS_OF, AT, LIMIT};
use crate::shell::functions::Call;
use crate::shell::page::earlier;
use crate::shell::query_arguments::MAX_LIMIT;
use crate::shell::term::Term;

/// How many lines are not shown, and the statement that shows them.
pub(super) async fn left_out(
    bank: &Bank,
    call: &Call<'_>,
    account: &AccountId,
    statement: &Statement,
) -> Result<String, Unavailable> {
    let most = MAX_LIMIT as u64;
    let from = call.optional(FROM).and_then(|from| from.parse().ok()).map_or(Position::START, Position::new);
    let first = match is_too_long(statement, most) {
        true => bank.account_events(account, from, 1).await?.first().map_or(from, |event| event.position),
        false => from,
    };
    Ok(note(call, statement, first, most))
}

/// The line, where a statement has at most `most` lines. `first` is the position of the account's first event in the
/// period.
fn note(call: &Call<'_>, statement: &Statement, first: Position, most: u64) -> String {
    let (asked, does) = match is_too_long(statement, most) {
        false => (call.with(&[(LIMIT.name, Some(integer(lines(statement))))]), "lists all"),
        true if is_by_date(call) => (before(call, statement, most), "goes further back"),
        true => (beginning(call, first, most), "has the first"),
    };
    format!("{} not shown: `{asked}` {does}.", earlier(statement.earlier, "lines"))
}

fn lines(statement: &Statement) -> u64 {
    statement.earlier + statement.lines.len() as u64
}

fn is_too_long(statement: &Statement, most: u64) -> bool {
    lines(statement) > most
}

fn is_by_date(call: &Call<'_>) -> bool {
    let is_date = |parameter| call.optional(parameter).is_some_and(|end| end.parse::<u64>().is_err());
    call.optional(MONTH).is_some() || is_date(FROM) || is_date(TO)
}

/// The statement of what comes before the lines of this one.
fn before(call: &Call<'_>, statement: &Statement, most: u64) -> String {
    let limit = (LIMIT.name, Some(integer(most)));
    match (statement.lines.first(), statement.lines.last()) {
        (Some(first), Some(last)) if first.booking_date < last.booking_date => {
            let to = (TO.name, Some(Term::String(first.booking_date.to_string())));
            match call.optional(MONTH) {
                None => call.with(&[to, limit]),
                Some(month) => {
                    let from = (FROM.name, Some(Term::String(format!("{month}-01"))));
                    call.with(&[(MONTH.name, None), from, to, limit])
                }
            }
        }
        // Lines of one day cannot be told apart by dates.
        (first, _) => {
            let at = first.map(|first| integer(first.position.before().get()));
            call.with(&[(AS_OF.name, None), (AT.name, at), limit])
        }
    }
}

/// The statement of the first lines: of as many positions as there may be lines.
fn beginning(call: &Call<'_>, first: Position, most: u64) -> String {
    let to = first.get().saturating_add(most - 1);
    let to = call.optional(TO).and_then(|last| last.parse().ok()).map_or(to, |last: u64| to.min(last));
    call.with(&[
        (FROM.name, Some(integer(first.get()))),
        (TO.name, Some(integer(to))),
        (LIMIT.name, Some(integer(most))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{BookingDate, StatementLine};
    use crate::engine::log::Timestamp;
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

    fn said(text: &str, days: [&str; 2]) -> String {
        let lines = vec![line(7, days[0]), line(9, days[1])];
        let statement = Statement { brought_forward: Some(0), lines, earlier: 5 };
        let read = Statements::new(text).next().unwrap().unwrap();
        let arguments = check(&ROW.function, &read, text, &MANUAL).unwrap();
        note(&Call::new(&ROW.function, &arguments, false), &statement, Position::new(3), 6)
    }

    /// Of more lines than a statement may have, it names one that shows some of the others.
    #[test]
    fn of_too_many_lines_a_statement_shows_others() {
        let two = ["2024-01-02", "2024-01-03"];
        for (asked, days, other) in [
            ("Bank.statement 1", two, "Bank.statement 1, from: 3, to: 8, limit: 6` has the first"),
            ("Bank.statement 1, to: 7", two, "Bank.statement 1, from: 3, to: 7, limit: 6` has the first"),
            (
                "Bank.statement \"A\", month: \"2024-01\"",
                two,
                "Bank.statement \"A\", from: \"2024-01-01\", to: \"2024-01-02\", limit: 6` goes further back",
            ),
            (
                "Bank.statement 1, from: \"2024-01-01\", limit: 2",
                two,
                "Bank.statement 1, from: \"2024-01-01\", to: \"2024-01-02\", limit: 6` goes further back",
            ),
            (
                "Bank.statement 1, to: \"2024-01-03\", as_of: \"2024-01-09T00:00:00Z\"",
                ["2024-01-03", "2024-01-03"],
                "Bank.statement 1, to: \"2024-01-03\", limit: 6, at: 6` goes further back",
            ),
        ] {
            assert_eq!(said(asked, days), format!("5 earlier lines are not shown: `{other}."));
        }
    }
}
