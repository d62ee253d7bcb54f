//! `Bank.statement`

use super::BankFunctions;
use super::money::money;
use super::parameters::{ACCOUNT, account};
use super::replies::no_balance;
use super::texts::asked;
use crate::bank::{Currency, StatementLine};
use crate::shell::application_functions::integer;
use crate::shell::function_table::{AS_OF, AT, FROM, LIMIT};
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::query_arguments::{limit, moment, position};
use crate::shell::term::{Table, Term};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "statement",
        &[ACCOUNT, FROM, LIMIT, AT, AS_OF],
        "lists what happened to an account",
        "Bank.statement \"Wolfman\"",
    )
    .group("History")
    .details(asked!(
        "Each event with its date, its amount, and the balance after it. from: 3 begins at position 3, at: and as_of:\n\
            end at a moment in the past, as in Bank.check_balance; limit: 10 lists at most 10 lines, and without it 1_000."
    )),
    |bank, call| Box::pin(statement(bank, call)),
);

async fn statement(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let account = account(&call, ACCOUNT)?;
    let (from, limit) = (position(&call, FROM)?, limit(&call)?);
    let until = moment(&call)?;
    let lines = bank.statement(&account, from, until, limit).await.map_err(no_balance)?;
    let columns = &["position", "date", "what", "amount", "balance"];
    Ok(Term::Table(Table { columns, rows: lines.iter().map(|line| row(line, currency)).collect() }).into())
}

fn row(line: &StatementLine, currency: Currency) -> Vec<Term> {
    vec![
        integer(line.position.get()),
        Term::String(line.time.to_string()),
        Term::String(line.what.to_owned()),
        line.amount.map_or(Term::Nil, |amount| money(currency, amount.minor_units())),
        money(currency, line.balance.minor_units()),
    ]
}
