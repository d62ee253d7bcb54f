//! `Bank.statement`

use super::BankFunctions;
use super::error_groups::QUESTION;
use super::errors::{INVALID_DATE, INVALID_MONTH, INVALID_NAME, NO_ACCOUNT, TWO_PERIODS};
use super::money::money;
use super::parameters::{ACCOUNT, account};
use super::period::{FROM, MONTH, TO, period};
use super::replies::no_balance;
use crate::bank::{BookingDate, Currency, LeftOut, Statement, StatementLine};
use crate::shell::application_functions::integer;
use crate::shell::common_errors::{INVALID_LIMIT, OF_MOMENTS};
use crate::shell::function_table::{AS_OF, AT, LIMIT};
use crate::shell::functions::{Call, Function, Outcome, Reply, Row};
use crate::shell::query_arguments::{MAX_LIMIT, limit, moment};
use crate::shell::term::{Table, Term};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "statement",
        &[ACCOUNT, MONTH, FROM, TO, LIMIT, AT, AS_OF],
        "lists what happened to an account",
        "Bank.statement \"Wolfman\"",
    )
    .group("History")
    .meant_by(&["history", "transactions", "account_history", "bookings"])
    .details(
        "Each event with its date, its amount, and the balance after it. The amounts add up to the last balance, with\n\
            the balance that is brought forward from before; what was declined has a column of its own. Columns for the\n\
            other account of a transfer, for memos and for booking dates are there where there are any.\n\
            month: \"2024-01\" is a period, and so are from: and to: with positions (from: 3) or dates (to: \"2024-01-31\").\n\
            limit: 10 lists at most 10 lines, and without it 1_000: the latest of the period, or the first where it\n\
            begins at a position. A line says what is not shown. at: and as_of: end at a moment in the past, as in\n\
            Bank.check_balance.\n\
            The booking date, on: in Bank.deposit, says which day a booking counts for, and a statement is ordered by it.\n\
            as_of: goes by the time at which events were recorded, and asks what was known then.\n\
            Replies a table, or :no_account.",
    )
    .errors(&[&[NO_ACCOUNT, INVALID_NAME, INVALID_MONTH, INVALID_DATE, TWO_PERIODS, INVALID_LIMIT], &OF_MOMENTS])
    .common_errors(QUESTION),
    |bank, call| Box::pin(statement(bank, call)),
);

async fn statement(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let account = account(&call, ACCOUNT)?;
    let (period, limit) = (period(&call)?, limit(&call)?);
    let until = moment(&call)?;
    let statement = bank.statement(&account, period, until, limit).await.map_err(no_balance)?;
    Ok(Reply { notes: notes(&statement), ..Term::Table(table(&statement, currency)).into() })
}

/// The columns, with those that are only there where there are any: the booking date, the other account, the memo.
const fn columns(is_dated: bool, has_accounts: bool, has_memos: bool) -> &'static [&'static str] {
    match (is_dated, has_accounts, has_memos) {
        (false, false, false) => &["position", "date", "what", "amount", "declined", "balance"],
        (false, false, true) => &["position", "date", "what", "memo", "amount", "declined", "balance"],
        (false, true, false) => &["position", "date", "what", "account", "amount", "declined", "balance"],
        (false, true, true) => &["position", "date", "what", "account", "memo", "amount", "declined", "balance"],
        (true, false, false) => &["position", "date", "booked", "what", "amount", "declined", "balance"],
        (true, false, true) => &["position", "date", "booked", "what", "memo", "amount", "declined", "balance"],
        (true, true, false) => &["position", "date", "booked", "what", "account", "amount", "declined", "balance"],
        (true, true, true) => {
            &["position", "date", "booked", "what", "account", "memo", "amount", "declined", "balance"]
        }
    }
}

fn table(statement: &Statement, currency: Currency) -> Table {
    let any = |has: fn(&StatementLine) -> bool| statement.lines.iter().any(has);
    let is_dated = any(|line| line.booking_date != BookingDate::of(line.time));
    let columns = columns(is_dated, any(|line| line.other.is_some()), any(|line| line.memo.is_some()));
    let forward = statement.brought_forward.map(|balance| {
        let cell = |column: &&str| match *column {
            "what" => Term::String("Balance Brought Forward".to_owned()),
            "amount" | "balance" => money(currency, balance),
            _ => Term::Nil,
        };
        columns.iter().map(cell).collect()
    });
    let row = |line| columns.iter().map(|column| cell(line, column, currency)).collect();
    let lines = statement.lines.iter().map(row);
    Table { columns, rows: forward.into_iter().chain(lines).collect() }
}

fn cell(line: &StatementLine, column: &str, currency: Currency) -> Term {
    let text = |text: &dyn ToString| Term::String(text.to_string());
    match column {
        "position" => integer(line.position.get()),
        "date" => text(&line.time),
        "booked" => text(&line.booking_date),
        "what" => text(&line.what),
        "account" => line.other.as_ref().map_or(Term::Nil, |account| text(account)),
        "memo" => line.memo.as_ref().map_or(Term::Nil, |memo| text(memo)),
        "amount" => line.amount.map_or(Term::Nil, |amount| money(currency, amount)),
        "declined" => line.declined.map_or(Term::Nil, |amount| money(currency, amount.minor_units())),
        _ => money(currency, line.balance),
    }
}

/// What the table does not say.
fn notes(statement: &Statement) -> Vec<String> {
    let shown = statement.lines.len() as u64;
    let left_out = match statement.left_out {
        LeftOut::Nothing => None,
        LeftOut::Earlier(count) if count + shown <= MAX_LIMIT as u64 => {
            Some(format!("{} not shown: limit: {} lists all.", counted(count), count + shown))
        }
        LeftOut::Earlier(count) => {
            let dates = statement.lines.first().zip(statement.lines.last());
            let before = match dates.map(|(first, last)| (first.booking_date, last.booking_date)) {
                Some((first, last)) if first < last => format!("to: \"{first}\" goes further back"),
                // Lines of one day cannot be told apart by dates.
                Some(_) | None => "from: 1 begins with the first position".to_owned(),
            };
            Some(format!("{} not shown: {before}.", counted(count)))
        }
        LeftOut::From(position) => Some(format!("Later lines are not shown: from: {position} goes on.")),
    };
    let reordered = statement.is_reordered.then(|| {
        "Limits were decided in the order of the log: ordered by booking date, a balance may be one the account never had."
            .to_owned()
    });
    left_out.into_iter().chain(reordered).collect()
}

fn counted(count: u64) -> String {
    match count {
        1 => "1 earlier line is".to_owned(),
        _ => format!("{count} earlier lines are"),
    }
}
