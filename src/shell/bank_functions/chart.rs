//! `Bank.chart`

use super::BankFunctions;
use super::error_groups::QUESTION;
use super::errors::{INVALID_NAME, NO_ACCOUNT};
use super::money::money;
use super::parameters::{ACCOUNT, account};
use super::replies::no_balance;
use crate::bank::BalanceAt;
use crate::shell::common_errors::INVALID_LIMIT;
use crate::shell::function_table::LIMIT;
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::query_arguments::limit;
use crate::shell::term::{Chart, ChartPoint, Term};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "chart", &[ACCOUNT, LIMIT], "draws a balance over time", "Bank.chart \"Wolfman\"")
        .group("History")
        .meant_by(&["plot", "draw"])
        .details(
            "Of the last events of the account, at most limit: or 1_000. Each column is as long a time; with --json it is a\n\
            list of positions, times and balances.",
        )
        .errors(&[&[NO_ACCOUNT, INVALID_NAME, INVALID_LIMIT]])
        .common_errors(QUESTION),
    |bank, call| Box::pin(chart(bank, call)),
);

async fn chart(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let account = account(&call, ACCOUNT)?;
    let history = match bank.balance_history(&account, limit(&call)?).await {
        Ok(history) => history,
        Err(error) => return Err(no_balance(&bank, &account, None, error).await),
    };
    let point = |BalanceAt { position, time, balance }: &BalanceAt| ChartPoint {
        position: position.get(),
        micros: time.as_micros(),
        time: time.to_string(),
        value: balance.minor_units(),
        shown: money(currency, balance.minor_units()),
    };
    let points = history.iter().map(point).collect();
    let chart = Chart { points, what: "balance", zero: money(currency, 0) };
    Ok(Term::Chart(Box::new(chart)).into())
}
