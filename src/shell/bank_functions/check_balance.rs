//! `Bank.check_balance`

use super::BankFunctions;
use super::money::money;
use super::parameters::{ACCOUNT, account};
use super::replies::no_balance;
use super::texts::asked;
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
    .details(asked!(
        "at: 3 shows the balance after the event at position 3, as_of: \"2026-11-20T10:00:00Z\" the balance at that\n\
            time. Times in a log never go back: if a clock was ahead, the events after that keep its time until the\n\
            clock has passed it, and only at: tells them apart.\n\
            Replies the balance, such as 50 or -20, :no_account, {:error, %{position: 3, problem: \"…\"}} if the log ends\n\
            before at:, or {:error, :behind} if the balances do not catch up within 5 s."
    )),
    |bank, call| Box::pin(check_balance(bank, call)),
);

async fn check_balance(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let account = account(&call, ACCOUNT)?;
    let found = match moment(&call)? {
        None => bank.check_balance(&account).await,
        Some(moment) => bank.check_balance_at(&account, moment).await,
    };
    Ok(money(currency, found.map_err(no_balance)?.minor_units()).into())
}
