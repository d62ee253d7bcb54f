//! `Bank.statement`

use super::BankFunctions;
use super::earlier_lines::left_out;
use super::error_groups::QUESTION;
use super::errors::{INVALID_DATE, INVALID_MONTH, INVALID_NAME, INVALID_PERIOD, MIXED_PERIOD, NO_ACCOUNT, TWO_PERIODS};
use super::money::money;
use super::parameters::{ACCOUNT, account};
use super::period::{BEFORE, FROM, MONTH, TO, period};
use super::replies::no_balance;
use crate::bank::{Account, AccountId, BookingDate, Currency, Statement, StatementLine};
use crate::shell::application_functions::integer;
use crate::shell::common_errors::{INVALID_LIMIT, NO_EVENT, OF_MOMENTS};
use crate::shell::function_table::{AS_OF, AT, LIMIT, WIDE};
use crate::shell::functions::{Call, Function, Outcome, Reply, Row};
use crate::shell::query_arguments::{limit, moment};
use crate::shell::term::{Table, Term};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "statement",
        &[ACCOUNT, MONTH, FROM, TO, BEFORE, LIMIT, AT, AS_OF, WIDE],
        "lists what happened to an account",
        "Bank.statement \"Wolfman\"",
    )
    .group("History")
    .meant_by(&["history", "transactions", "account_history", "bookings", "transaction", "ledger"])
    .details(
        "Each event with its date, its amount, and the balance after it. The amounts add up to the last balance, with\n\
            the balance that is brought forward from before; what was declined has a column of its own. Columns for the\n\
            other account of a transfer, for memos, reasons, limits and booking dates, and for the position of the\n\
            booking that a reversal reverses, are there where there are any. Lines after the table say what the account\n\
            may not do.\n\
            month: \"2024-01\" is a period, and so are from: and to: with positions (from: 3) or dates (to: \"2024-01-31\").\n\
            limit: 10 lists at most the latest 10 lines of the period, and without it 1_000. A line says what is not\n\
            shown. before: 12 lists the lines before that of the event at position 12, in the order of the statement.\n\
            at: and as_of: end at a moment in the past, as in Bank.check_balance.\n\
            The booking date, on: in Bank.deposit, says which day a booking counts for, and a statement is ordered by it.\n\
            Limits were decided in the order of the log: where the balance after an event was another one then, a column\n\
            recorded has that. as_of: goes by the time at which events were recorded, and asks what was known then.\n\
            Replies a table, or :no_account.",
    )
    .errors(&[
        &[NO_ACCOUNT, INVALID_NAME, INVALID_MONTH, INVALID_DATE, INVALID_PERIOD, MIXED_PERIOD, TWO_PERIODS, NO_EVENT],
        &[INVALID_LIMIT],
        &OF_MOMENTS,
    ])
    .common_errors(QUESTION),
    |bank, call| Box::pin(statement(bank, call)),
);

async fn statement(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let id = account(&call, ACCOUNT)?;
    let (period, limit) = (period(&call)?, limit(&call)?);
    let until = moment(&call)?;
    let found = match bank.statement(&id, period, until, limit).await {
        Ok(statement) => bank.account(&id, until).await.map(|account| (statement, account)),
        Err(error) => Err(error),
    };
    let (statement, account) = match found {
        Ok(found) => found,
        Err(error) => return Err(no_balance(&bank, &id, until, error).await),
    };
    let mut notes = Vec::new();
    if statement.earlier > 0 {
        notes.push(left_out(&call, &statement));
    }
    if statement.lines.iter().any(StatementLine::is_reordered) {
        notes.push(
            "Limits were decided in the order of the log: recorded is the balance that the account had there."
                .to_owned(),
        );
    }
    notes.extend(standing(&account, &id, currency));
    Ok(Reply { notes, ..Term::Table(table(&statement, currency)).into() })
}

/// A column: its heading, whether it is there only where it has something to say, and what it says of a line.
struct Column {
    heading: &'static str,
    is_optional: bool,
    cell: fn(&StatementLine, Currency) -> Option<Term>,
}

const fn column(heading: &'static str, cell: fn(&StatementLine, Currency) -> Option<Term>) -> Column {
    Column { heading, is_optional: false, cell }
}

const fn optional(heading: &'static str, cell: fn(&StatementLine, Currency) -> Option<Term>) -> Column {
    Column { heading, is_optional: true, cell }
}

const WHAT: &str = "what";
const AMOUNT: &str = "amount";
const BALANCE: &str = "balance";

const COLUMNS: &[Column] = &[
    column("position", |line, _| Some(integer(line.position.get()))),
    column("date", |line, _| Some(Term::Time(line.time.to_string()))),
    optional("booked", |line, _| Some(text(&line.booking_date))),
    column(WHAT, |line, _| Some(text(&line.what))),
    optional("account", |line, _| line.other.as_ref().map(text)),
    optional("memo", |line, _| line.memo.as_ref().map(text)),
    optional("reason", |line, _| line.reason.as_ref().map(text)),
    optional("limit", |line, currency| line.overdraft_limit.map(|limit| money(currency, limit.minor_units()))),
    optional("reverses", |line, _| line.reverses.map(|position| integer(position.get()))),
    column(AMOUNT, |line, currency| line.amount.map(|amount| money(currency, amount))),
    column("declined", |line, currency| line.declined.map(|amount| money(currency, amount.minor_units()))),
    column(BALANCE, |line, currency| Some(money(currency, line.balance))),
    optional("recorded", |line, currency| line.is_reordered().then(|| money(currency, line.recorded_balance))),
];

fn text(text: &impl ToString) -> Term {
    Term::String(text.to_string())
}

fn table(statement: &Statement, currency: Currency) -> Table {
    // The booking dates are there only where one of them is another day than that of the recording.
    let is_dated = statement.lines.iter().any(|line| line.booking_date != BookingDate::of(line.time));
    let columns = || COLUMNS.iter().filter(|column| is_dated || column.heading != "booked");
    let forward = statement.brought_forward.map(|balance| {
        let cell = |column: &Column| match column.heading {
            WHAT => text(&"Balance Brought Forward"),
            AMOUNT | BALANCE => money(currency, balance),
            _ => Term::Nil,
        };
        columns().map(cell).collect()
    });
    let row = |line| columns().map(|column| (column.cell)(line, currency).unwrap_or(Term::Nil)).collect();
    let rows = forward.into_iter().chain(statement.lines.iter().map(row)).collect();
    let optional: Vec<_> = columns().filter(|column| column.is_optional).map(|column| column.heading).collect();
    Table { columns: columns().map(|column| column.heading).collect(), rows }.without_empty(&optional)
}

/// What the account may and may not do.
fn standing(account: &Account, id: &AccountId, currency: Currency) -> Vec<String> {
    if account.is_closed() {
        return vec!["The account is closed.".to_owned()];
    }
    let limit = account.overdraft_limit().minor_units();
    let lines = [
        account.is_frozen().then(|| "The account is frozen: nothing goes out.".to_owned()),
        account.is_locked().then(|| {
            let id = Term::String(id.to_string());
            format!("The account is locked by wrong PINs: `Bank.unlock {id}` unlocks it.")
        }),
        (limit > 0).then(|| format!("The overdraft limit is {}.", money(currency, limit))),
    ];
    lines.into_iter().flatten().collect()
}
