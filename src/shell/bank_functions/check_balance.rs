//! `Bank.check_balance`

use super::BankFunctions;
use super::error_groups::QUESTION;
use super::errors::{INVALID_NAME, NO_ACCOUNT};
use super::money::money;
use super::parameters::{ACCOUNT, account};
use super::replies::no_balance;
use crate::shell::common_errors::OF_MOMENTS;
use crate::shell::function_table::{AS_OF, AT};
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::query_arguments::moment;

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "check_balance",
        &[ACCOUNT, AT, AS_OF],
        "shows an account's balance",
        "Bank.check_balance \"Wolfman\"",
    )
    .group("Accounts")
    .meant_by(&["balance", "get_balance", "show_balance", "show", "money"])
    .details(
        "at: 3 shows the balance after the event at position 3, as_of: \"2026-11-20T10:00:00Z\" the balance at that\n\
            time, and as_of: \"2026-11-20\" that at the end of the day, in UTC. Times in a log never go back: if a clock was\n\
            ahead, the events after that keep its time until the clock has passed it, and only at: tells them apart.\n\
            Replies the balance, such as 50 or -20, :no_account, or {:error, %{position: 3, problem: \"…\"}} if the log\n\
            ends before at:.",
    )
    .errors(&[&[NO_ACCOUNT, INVALID_NAME], &OF_MOMENTS])
    .common_errors(QUESTION),
    |bank, call| Box::pin(check_balance(bank, call)),
);

async fn check_balance(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let account = account(&call, ACCOUNT)?;
    let moment = moment(&call)?;
    let found = match moment {
        None => bank.check_balance(&account).await,
        Some(moment) => bank.check_balance_at(&account, moment).await,
    };
    match found {
        Ok(balance) => Ok(money(currency, balance.minor_units()).into()),
        Err(error) => Err(no_balance(&bank, &account, moment, error).await),
    }
}
