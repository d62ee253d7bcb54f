//! `Bank.get_total_deposits`

use super::BankFunctions;
use super::error_groups::QUESTION;
use super::money::money;
use super::replies::no_answer;
use crate::shell::common_errors::OF_MOMENTS;
use crate::shell::function_table::{AS_OF, AT};
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::query_arguments::moment;

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "get_total_deposits",
        &[AT, AS_OF],
        "shows the sum of all balances",
        "Bank.get_total_deposits",
    )
    .group("Accounts")
    .meant_by(&["total", "totals", "sum"])
    .details(
        "at: and as_of: show it in the past, as in Bank.check_balance. Replies the sum, such as 55;\n\
            with overdrafts it may be negative.",
    )
    .errors(&[&OF_MOMENTS])
    .common_errors(QUESTION),
    |bank, call| Box::pin(get_total_deposits(bank, call)),
);

async fn get_total_deposits(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let total = bank.total_deposits(moment(&call)?).await.map_err(no_answer)?;
    Ok(money(currency, total).into())
}
